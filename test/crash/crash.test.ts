/** A few of the ways in which `npm run test:crash` kills a demo, for every test run. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tableByHand } from './by-hand.ts'
import { cases } from './cases.ts'
import { flagsOf, newPlace, play, randomFor } from './play.ts'

const LIMIT_MS = 240_000
const SAMPLES = 2
const place = newPlace()
let table: string
beforeAll(async () => {
  table = await tableByHand(place, SAMPLES)
}, LIMIT_MS)
afterAll(() => rmSync(place, { recursive: true, force: true }))

// The processes are found by /proc. At once, since each waits more than it works.
test.skipIf(process.platform !== 'linux').concurrent.for(['released', 'gone', 'agent-alone'])(
  'a demo that was killed (%s) is finished, and nobody can tell',
  { timeout: LIMIT_MS },
  async (name) => {
    const chosen = cases.find((one) => one.name === name)
    if (chosen === undefined) throw new Error(`no case is called ${name}`)
    const against = { table, samples: SAMPLES, seconds: 10, flags: flagsOf(SAMPLES, 2) }
    expect((await play(place, chosen, against, randomFor('0', 0, name))).complaints).toEqual([])
  },
)
