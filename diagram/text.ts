/**
 * How wide a text gets, without a browser. The widths are those of DejaVu Sans, the widest of the fonts that a picture is
 * shown in: what fits in them fits in Helvetica, Arial and the systems' own fonts.
 */

// In thousandths of the size, from the space to the tilde.
const regular = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337,
  337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732,
  684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635,
  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
]
const bold = [
  348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400,
  400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812,
  774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716,
  716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
]
const signs: Readonly<Record<string, number>> = { '·': 318, '×': 838, '→': 838, '…': 1000 }
const anyOther = 1150

export interface Font {
  readonly size: number
  readonly bold?: boolean
}

/** At most so many pixels. */
export function widthOf(text: string, { size, bold: heavy = false }: Font): number {
  const widths = heavy ? bold : regular
  let sum = 0
  for (const character of text) sum += widths[(character.codePointAt(0) ?? 0) - 32] ?? signs[character] ?? anyOther
  return (sum * size) / 1000
}

/** The text, cut off with dots where it would not fit. */
export function fitted(text: string, width: number, font: Font): string {
  if (widthOf(text, font) <= width) return text
  const characters = [...text]
  while (characters.length > 0 && widthOf(`${characters.join('').trimEnd()}…`, font) > width) characters.pop()
  return `${characters.join('').trimEnd()}…`
}

/** Words set in lines, each no wider than that; a word alone in its line may be cut. What goes beyond the last line is counted. */
export function lined(words: readonly string[], between: string, width: number, font: Font, most: number): readonly string[] {
  const lines: string[] = []
  for (const [place, word] of words.entries()) {
    const last = lines.at(-1)
    const longer = last === undefined ? word : `${last}${between}${word}`
    if (last !== undefined && widthOf(`${longer}${between.trimEnd()}`, font) <= width) lines[lines.length - 1] = longer
    else if (lines.length < most) lines.push(fitted(word, width, font))
    else {
      const left = ` and ${words.length - place} more`
      lines[most - 1] = `${fitted(last ?? '', width - widthOf(left, font), font)}${left}`
      break
    }
  }
  return lines
}

/** A name from outside, fit to be shown: one line, no character that hides, turns or stacks up. */
export function clean(text: string): string {
  const short = [...text.normalize('NFC')].slice(0, 300).join('')
  const marks = short.replaceAll(/(\p{M})\p{M}+/gu, '$1')
  return marks.replaceAll(/\s+/gu, ' ').replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
}
