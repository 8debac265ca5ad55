import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generateKeyPair } from '../../custody/openpgp.ts'
import { makeHomerKey } from '../../key-host/homer-key.ts'
import { issueNonce } from '../../key-host/nonces.ts'
import { enrolledOwner, enrolOwner } from '../../key-host/owners.ts'
import { simWorld } from '../sim/cloud.ts'
import { ask, homer, owner, prepared, refused, run, sample, scene, worker } from './scene.ts'

describe('HomerKey', () => {
  test('is made once, also by two at the same time', async () => {
    const { secrets } = simWorld().open('keyHost')
    const made = await Promise.all([makeHomerKey(secrets), makeHomerKey(secrets)])
    expect(made.map((key) => key.made).toSorted()).toEqual([false, true])
    const again = await makeHomerKey(secrets)
    for (const key of made) expect(key.fingerprint).toBe(again.fingerprint)
    expect(again).toMatchObject({ made: false, armored: expect.stringContaining('BEGIN PGP PUBLIC KEY') })
  })

  test('when it is not there, nobody gets a key, and the answer says how to make it', async () => {
    const at = await scene()
    const request = await prepared(at, await worker(at, await sample(at, '22222222-2222-4222-8222-222222222222')))
    const { secrets } = at.host
    const get = async (name: string) => (name === 'homer-key' ? undefined : secrets.get(name))
    const said = refused(await ask({ ...at, host: { ...at.host, secrets: { ...secrets, get } } }, request))
    expect(said).toMatchObject({ refused: 'unavailable', message: expect.stringContaining('skep key init') })
  })
})

describe("an owner's key", () => {
  const other = generateKeyPair({ name: 'Other' })

  test('is enrolled once a run; the same again is fine, another one is refused', async () => {
    const { secrets } = simWorld().open('keyHost')
    const first = await enrolOwner(secrets, run, owner.public)
    expect(await enrolOwner(secrets, run, owner.public)).toEqual(first)
    await expect(enrolOwner(secrets, run, (await other).public)).rejects.toThrow(/has another one; begin a new run/)
    expect(await enrolledOwner(secrets, run)).toEqual(first)
    expect(await enrolledOwner(secrets, '22222222-2222-4222-8222-222222222222')).toBeUndefined()
  })

  test('that is a secret one, or for no run, changes nothing', async () => {
    const { secrets } = simWorld().open('keyHost')
    await expect(enrolOwner(secrets, run, homer.secret)).rejects.toThrow(/it is a secret key/)
    await expect(enrolOwner(secrets, '../homer-key', owner.public)).rejects.toThrow(/expected a run's id/)
    expect(await secrets.list('')).toEqual([])
  })
})

test('nonces do not pile up: old ones are forgotten as new ones are given', async () => {
  const world = simWorld()
  const host = { cloud: world.open('keyHost'), random: randomBytes }
  // All in one shelf: the first byte decides which old ones a new one sweeps.
  const random = (length: number) => Buffer.concat([Buffer.from([7]), randomBytes(length - 1)])
  for (let n = 0; n < 100; n++) await issueNonce({ ...host, random }, { job: 'a'.repeat(40), attempt: 1, instance: 'i-00000000000000001' })
  expect(world.ledger.rows()).toHaveLength(100)
  await world.clock.advance(720_001)
  await issueNonce({ ...host, random }, { job: 'a'.repeat(40), attempt: 1, instance: 'i-00000000000000001' })
  expect(world.ledger.rows()).toHaveLength(1)
})
