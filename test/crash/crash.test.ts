/** A few of the ways in which `npm run test:crash` kills a demo, for every test run. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cases } from './cases.ts'
import { type Control, control, newPlace, play, randomFor } from './play.ts'

const LIMIT_MS = 240_000
const place = newPlace()
let against: Control
beforeAll(async () => {
  against = await control(place, 2, 2)
}, LIMIT_MS)
afterAll(() => rmSync(place, { recursive: true, force: true }))

// The processes are found by /proc.
test.skipIf(process.platform !== 'linux').for(['released', 'gone', 'agent-alone'])(
  'a demo that was killed (%s) is finished, and nobody can tell',
  { timeout: LIMIT_MS },
  async (name) => {
    const chosen = cases.find((one) => one.name === name)
    if (chosen === undefined) throw new Error(`no case is called ${name}`)
    const verdict = await play(place, chosen, against, randomFor('0', 0, name))
    expect(verdict.complaints, `see ${verdict.dir}`).toEqual([])
  },
)
