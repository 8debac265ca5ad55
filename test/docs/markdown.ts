/** A document as its test sees it: links, headings, code and commands. */

/** Targets of links and pictures, outside of code. */
export function linksIn(text: string): readonly string[] {
  const prose = withoutCode(text)
  return [...prose.matchAll(/!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].flatMap(([, target]) => target ?? [])
}

/** Anchors that headings make, as GitHub makes them. */
export function anchorsIn(text: string): readonly string[] {
  return withoutBlocks(text)
    .split('\n')
    .flatMap((line) => /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1] ?? [])
    .map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    )
}

/** Code that stands in lines of its own, fenced or indented; a line that ends with a backslash is joined with the next. */
export function codeLinesIn(text: string): readonly string[] {
  const lines = blocks(text).flatMap(({ code, line }) => (code ? [line] : []))
  return lines
    .join('\n')
    .replace(/\\\n\s*(?:>\s*)?/g, ' ')
    .split('\n')
}

/** Code inside of sentences and tables. */
export const codeSpansIn = (text: string): readonly string[] =>
  [...withoutBlocks(text).matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code?.replace(/\s+/g, ' ') ?? [])

/** The cells of a table's rows, without the code marks. */
export const rowsIn = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[-\s|:]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )

const withoutCode = (text: string): string => withoutBlocks(text).replace(/`[^`]*`/g, '')

const withoutBlocks = (text: string): string =>
  blocks(text)
    .flatMap(({ code, line }) => (code ? [] : [line]))
    .join('\n')

/** An indented line is code when a blank line or code stands before it, and it is not the going on of a list's item. */
function blocks(text: string): readonly { readonly code: boolean; readonly line: string }[] {
  let fence: string | undefined
  let before: 'blank' | 'code' | 'prose' | 'list' = 'blank'
  return text.split('\n').map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined
      return { code: false, line: '' }
    }
    if (fence !== undefined) return { code: true, line }
    if (line.trim() === '') {
      if (before !== 'list') before = before === 'code' ? 'code' : 'blank'
      return { code: false, line }
    }
    const indented = line.startsWith('    ') && (before === 'blank' || before === 'code')
    before = indented ? 'code' : /^\s*(?:[-*]|\d+\.)\s/.test(line) ? 'list' : before === 'list' && /^\s/.test(line) ? 'list' : 'prose'
    return { code: indented, line: indented ? line.slice(4) : line }
  })
}
