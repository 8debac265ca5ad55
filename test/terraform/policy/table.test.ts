/** The table held against the policies of both roots, statement by statement. */
import { describe, expect, test } from 'vitest'
import { account } from '../given.ts'
import type { Request } from './decide.ts'
import { sessionOf } from './principal.ts'
import { faultsOf, faultsOfService, granting, requestsOf, verdictOf, without } from './rows.ts'
import { requestOfService } from './table/ask.ts'
import { everybody, roleArn } from './table/people.ts'
import { services } from './table/services.ts'
import { missing, worlds } from './table/worlds.ts'
import { chapters } from './table.ts'
import { arnOf, type World } from './world.ts'

const { whole, foundation } = await worlds()

describe.skipIf(missing !== undefined)(missing ?? 'who may do what', () => {
  describe.each(chapters)('$title:', ({ rows, foundationOnly }) => {
    test.each(rows.map((row) => [row.ctl, row.does, row] as const))('%s who may %s', (_, __, row) => {
      const world = foundationOnly ? foundation : whole
      const faults = (row.among ?? everybody).flatMap((who) => faultsOf(row, who, world))
      expect(faults.join('\n')).toBe('')
    })
  })

  describe('Services:', () => {
    test.each(services.map((row) => [row.ctl, row.service, row.may ? 'may' : 'may not', row.does, row] as const))(
      '%s %s %s %s',
      (...told) => {
        expect(faultsOfService(told[4], whole)).toEqual([])
      },
    )
  })

  test("ctl:I2 nothing stands in the way of EC2's own role, which opens an attached disk by a grant", () => {
    const role = roleArn('aws:ec2-infrastructure')
    const world = { ...whole, identities: new Map([...whole.identities, [role, { policies: [], tags: {} }]]) }
    const requests = ['data', 'ops'].map((key): Request => {
      const principal = sessionOf(role, 'i-0123456789abcdef0')
      return { principal, action: 'kms:Decrypt', resource: arnOf(whole, `key ${key}`), account, context: { 'aws:SecureTransport': 'true' } }
    })
    expect(verdictOf(requests, world, granting(['resource']))).toMatchObject({ allowed: true })
  })

  test('every statement of every policy decides something here: none is idle, and none can go unseen', () => {
    const deciding = new Set<string>()
    const collect = (requests: readonly Request[], world: World): void => {
      const { allowed, by } = verdictOf(requests, world)
      // A statement that allows counts where its loss is felt.
      for (const ref of by) if (!deciding.has(ref) && (!allowed || !verdictOf(requests, world, without([ref])).allowed)) deciding.add(ref)
    }
    for (const { rows, foundationOnly } of chapters)
      for (const row of rows)
        for (const who of row.among ?? everybody)
          collect(requestsOf(row, who, foundationOnly ? foundation : whole), foundationOnly ? foundation : whole)
    for (const { service, parts } of services)
      collect(
        parts.map((part) => requestOfService(service, part, whole)),
        whole,
      )
    const policies = [
      ...[...whole.identities.values()].flatMap((identity) => identity.policies),
      ...[...whole.things.values()].flatMap(({ policy }) => policy ?? []),
      ...[...whole.endpoints.values()].map(({ policy }) => policy),
      ...(whole.logs === undefined ? [] : [whole.logs]),
    ]
    const all = new Set(policies.flatMap(({ name, statements }) => statements.map(({ sid }) => `${name}#${sid}`)))
    expect([...all].filter((ref) => !deciding.has(ref) && !/#(Everything|Welcome)$/.test(ref)).toSorted()).toEqual([])
  })
})
