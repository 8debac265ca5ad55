import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { environmentOf } from '../../diagram/environment.ts'
import { pictureOf } from '../../diagram/picture.ts'
import { readPlan } from '../../diagram/plan.ts'
import { svgOf } from '../../diagram/svg.ts'
import { chromiumMissing, pageAfterScript } from './chromium.ts'
import { skep } from './plans.ts'
import { stranger } from './strangers.ts'

const draw = (json: string): string => svgOf(pictureOf(environmentOf([readPlan(json)])))

/** Runs in the page: looks at every drawing in it, and leaves one line for each thing that is wrong. */
const look = `
const wrong = []
const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
const inside = (a, b) => a.left >= b.left && a.top >= b.top && a.right <= b.right && a.bottom <= b.bottom
for (const svg of document.querySelectorAll('svg')) {
  const say = (words) => wrong.push(svg.parentElement.id + ': ' + words)
  const rects = [...svg.querySelectorAll('rect')].map((one) => ({ name: one.getAttribute('class') + ' ' + one.textContent, box: one.getBoundingClientRect() }))
  const texts = [...svg.querySelectorAll('text')].map((one) => ({ name: one.textContent, box: one.getBoundingClientRect(), one }))
  if (rects.length < 2 || texts.length < 2) say('there is hardly anything')
  rects.forEach((a, place) => rects.slice(place + 1).forEach((b) => {
    if (!apart(a.box, b.box) && !inside(a.box, b.box) && !inside(b.box, a.box)) say(a.name + ' overlaps ' + b.name)
  }))
  texts.forEach((a, place) => texts.slice(place + 1).forEach((b) => {
    if (!apart(a.box, b.box)) say(a.name + ' overlaps ' + b.name)
  }))
  for (const text of texts) {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
    const size = parseFloat(getComputedStyle(text.one).fontSize) * scale
    if (size < 11) say(text.name + ' is ' + size + ' px')
    for (const rect of rects) if (!apart(text.box, rect.box) && !inside(text.box, rect.box)) say(text.name + ' crosses the edge of ' + rect.name)
  }
}
document.body.innerHTML = ''
document.body.textContent = 'BEGIN' + JSON.stringify(wrong) + 'END'
`

async function wrongInBrowser(drawings: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const shown = Object.entries(drawings).map(([name, svg]) => `<div id="${name}" style="width:1200px">${svg}</div>`)
  const page = await pageAfterScript(
    `<!doctype html><meta charset="utf-8"><body style="margin:0">${shown.join('')}<script>${look}</script>`,
  )
  const said = /BEGIN(.*)END/s.exec(page)?.[1]
  if (said === undefined) throw new Error(`expected what the script found, got ${page.slice(0, 200)}`)
  return JSON.parse(said.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'))
}

const limit = 90_000

describe.skipIf(chromiumMissing !== undefined)(`in Chromium${chromiumMissing === undefined ? '' : ` (${chromiumMissing})`}`, () => {
  test(
    'no boxes or words overlap, and no text is smaller than 11 px at a width of 1200',
    async () => {
      const strangers = fc.sample(stranger, { numRuns: 40, seed: 11 }).map((json, place) => [`stranger${place}`, draw(json)] as const)
      const complete = readFileSync(join(import.meta.dirname, '../../docs/environment.svg'), 'utf8')
      expect(await wrongInBrowser({ skep: draw(skep()), complete, ...Object.fromEntries(strangers) })).toEqual([])
    },
    limit,
  )

  test(
    'this test sees what is wrong',
    async () => {
      const svg = draw(skep())
      const drawings = {
        moved: svg.replace(/(<rect class="host" x=")(\d+)/, (_, before: string, x: string) => `${before}${Number(x) + 60}`),
        small: svg.replace('font-size="12"', 'font-size="10.5"'),
        long: svg.replace('>bastion</text>', `>${'bastion '.repeat(9)}</text>`),
      }
      const wrong = await wrongInBrowser(drawings)
      for (const name of Object.keys(drawings)) expect(wrong.filter((line) => line.startsWith(`${name}:`))).not.toEqual([])
    },
    limit,
  )
})
