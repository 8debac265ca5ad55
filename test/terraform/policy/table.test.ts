/** The table held against the policies of both roots. */
import { beforeAll, describe, expect, test } from 'vitest'
import { account } from '../given.ts'
import { mockApply } from '../mock.ts'
import { withoutTerraform } from '../terraform.ts'
import { worldOf } from './collect.ts'
import { both, expectedOf, granting, verdictOf, without } from './rows.ts'
import { everybody, withOutsiders } from './table/people.ts'
import { short } from './table/short.ts'
import { chapters } from './table.ts'
import type { World } from './world.ts'

const reason = withoutTerraform()
let whole: World
let foundation: World

describe.skipIf(reason !== undefined)(`who may do what${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    const [kept, made] = await Promise.all([mockApply('foundation'), mockApply('environment')])
    whole = withOutsiders(worldOf(account, [...kept.resources, ...made.resources], short))
    foundation = withOutsiders(worldOf(account, kept.resources, short))
  }, 240_000)

  describe.each(chapters)('$title:', ({ rows, foundationOnly }) => {
    test.each(rows.map((row) => [row.ctl, row.does, row] as const))('%s who may %s', (_, __, row) => {
      const world = foundationOnly ? foundation : whole
      const wrong: string[] = []
      for (const who of row.among ?? everybody) {
        const expected = expectedOf(row, who, world)
        const came = verdictOf(row, who, world)
        const right =
          came.allowed === expected.allowed &&
          came.by.join() === expected.by.join() &&
          (expected.missing === undefined || came.missing.includes(expected.missing))
        if (!right) wrong.push(`${who}: expected ${say(expected)}, came ${say(came)}`)
        else if (came.by.length > 0) {
          const all = granting('identity', 'resource', 'endpoint')
          const still = verdictOf(row, who, world, all)
          if (still.by.join() !== came.by.join()) wrong.push(`${who}: whatever is granted, expected ${say(came)}, came ${say(still)}`)
          const gone = verdictOf(row, who, world, both(without(came.by), all))
          if (!gone.allowed) wrong.push(`${who}: with those gone and all granted still ${say(gone)}`)
        } else if (!came.allowed && !verdictOf(row, who, world, granting('identity', 'resource', 'endpoint')).allowed)
          wrong.push(`${who}: a grant does not help`)
      }
      expect(wrong.join('\n')).toBe('')
    })
  })
})

const say = ({ allowed, by, missing }: { allowed: boolean; by: readonly string[]; missing?: unknown }): string =>
  allowed ? 'allowed' : by.length > 0 ? `denied by ${by.join(', ')}` : `nothing that allows in ${String(missing)}`
