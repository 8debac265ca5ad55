import { beforeEach, describe, expect, test } from 'vitest'
import { verifyAudit } from '../../custody/audit-verify.ts'
import { digest } from '../../custody/canonical.ts'
import { challengeSchema, type RefusalCode, type ReleaseRequest } from '../../custody/messages.ts'
import { decryptWithSessionKey, encryptTo, unwrapSessionKey } from '../../custody/openpgp.ts'
import { splitMessage } from '../../custody/pgp-packets.ts'
import { newSealKey } from '../../custody/seal.ts'
import {
  ask,
  challengeFor,
  consolidation,
  content,
  homer,
  opened,
  owner,
  prepared,
  publish,
  records,
  refused,
  released,
  requestOf,
  run,
  type Scene,
  sample,
  scene,
  type Worker,
  worker,
} from './scene.ts'

const [unit, other] = ['22222222-2222-4222-8222-222222222222', '33333333-3333-4333-8333-333333333333'] as const
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

describe('a worker that runs for its job', () => {
  test('gets the session key of its sample, and opens it', async () => {
    const at = await scene()
    const who = await worker(at, await sample(at, unit))
    const request = await prepared(at, who)
    const got = released(await ask(at, request))
    expect(got.body).toMatchObject({
      ctx: request.ctx,
      audit: { seq: 1 },
      owner: { fingerprint: owner.fingerprint },
      homer: { fingerprint: homer.fingerprint },
    })
    const [key, ...more] = (await opened(who, got, request)).keys
    expect(more).toEqual([])
    const { ticket } = who.signed
    if (key === undefined || ticket.kind !== 'sample') throw new Error('expected one key for one sample')
    expect(key).toMatchObject({ key: ticket.object.key, version: ticket.object.version, algorithm: 'aes256' })
    const { body } = await who.cloud.objects.get('input', ticket.object.key)
    const message = Buffer.concat(await Array.fromAsync(body))
    const plain = await decryptWithSessionKey(message, { algorithm: key.algorithm, sessionKey: Buffer.from(key.sessionKey, 'base64') })
    expect(Buffer.from(plain.data).equals(content)).toBe(true)
  })

  test('is in the audit chain before it has the key, with whom, what and under which request', async () => {
    const at = await scene()
    const who = await worker(at, await sample(at, unit))
    const request = await prepared(at, who)
    const got = released(await ask(at, request))
    const [record, ...more] = await records(at, 'key.release')
    expect(more).toEqual([])
    const { job, wpkHash, pkeskHash } = request.ctx
    expect(record).toMatchObject({
      by: 'key-host',
      run,
      unit,
      job,
      attempt: 1,
      instance: who.instance,
      wpkHash,
      pkeskHash,
      request: digest(request),
    })
    expect(await verifyAudit(at.host, [{ ...got.body.audit, where: 'the answer' }])).toEqual({ records: 1, ok: true, problems: [] })
  })

  test('gets the very same box for the same request, as long as it runs', async () => {
    const at = await scene()
    const who = await worker(at, await sample(at, unit))
    const request = await prepared(at, who)
    const first = await ask(at, request)
    // Also when all that it was decided by is no more: the nonce, the object, the way to write records.
    await at.world.clock.advance(3_600_000)
    await at.world.objects.delete('input', request.pkesks[0]?.key ?? '')
    const mend = at.world.faults.inject({ when: 'before', port: 'trail', times: Number.POSITIVE_INFINITY })
    expect(await ask(at, request)).toEqual(first)
    mend()
    expect(await records(at, 'key.release')).toHaveLength(1)
    at.world.die(who.instance)
    expect(refused(await ask(at, request)).refused).toBe('instance-not-running')
  })

  test('gets one answer for the same request brought twice at once', async () => {
    const at = await scene()
    const who = await worker(at, await sample(at, unit))
    const request = await prepared(at, who)
    const said = await Promise.all([ask(at, request), ask(at, request), ask(at, request)])
    const last = released(await ask(at, request))
    for (const one of said) {
      if (typeof one === 'object' && one !== null && 'refused' in one) expect(one.refused).toBe('unavailable')
      else expect(one).toEqual(last)
    }
    expect(await records(at, 'key.release')).toHaveLength(1)
  })

  test('gets the keys of all published results when it consolidates', async () => {
    const at = await scene()
    const signed = await consolidation(at)
    await publish(at, other, 'second')
    await publish(at, unit, 'first')
    const who = await worker(at, signed)
    const request = await prepared(at, who)
    const { keys } = await opened(who, released(await ask(at, request)), request)
    expect(keys.map(({ key }) => key.split('/')[3])).toEqual([unit, other])
    const texts = []
    for (const { key, algorithm, sessionKey } of keys) {
      const message = Buffer.concat(await Array.fromAsync((await who.cloud.objects.get('output', key)).body))
      texts.push(
        Buffer.from((await decryptWithSessionKey(message, { algorithm, sessionKey: Buffer.from(sessionKey, 'base64') })).data).toString(),
      )
    }
    expect(texts).toEqual(['first', 'second'])
  })

  test('gets a long answer whole, and the same one again', async () => {
    const at = await scene()
    const message = await encryptTo([homer.public], content, 'x')
    const signed = await consolidation(at)
    for (let n = 0; n < 1500; n++) await publish(at, `${String(n).padStart(8, '0')}-1111-4111-8111-111111111111`, message)
    const who = await worker(at, signed)
    const request = await prepared(at, who)
    const got = released(await ask(at, request))
    expect(JSON.stringify(got).length).toBeGreaterThan(400_000)
    expect((await opened(who, got, request)).keys).toHaveLength(1500)
    expect(await ask(at, request)).toEqual(got)
  }, 60_000)
})

describe('no key is given, and it is audited,', () => {
  let at: Scene
  let who: Worker
  beforeEach(async () => {
    at = await scene()
    who = await worker(at, await sample(at, unit))
  })

  /** Refused with this code, and the chain says so; nothing was released. */
  async function expectRefusal(said: unknown, code: RefusalCode, releases = 0): Promise<void> {
    expect(said).toMatchObject({ refused: code })
    expect(await records(at, 'key.refused')).toContainEqual(expect.objectContaining({ code, by: 'key-host' }))
    expect(await records(at, 'key.release')).toHaveLength(releases)
    expect(await verifyAudit(at.host, [])).toMatchObject({ ok: true })
  }

  test('for a nonce that another request used', async () => {
    const first = await prepared(at, who)
    released(await ask(at, first))
    const second = await requestOf({ ...who, key: newSealKey() }, first.ctx.nonce)
    await expectRefusal(await ask(at, second), 'nonce-used', 1)
  })

  test('for a nonce that a refused request used', async () => {
    const first = await prepared(at, who)
    const altered = { ...first, wpk: base64(newSealKey().publicKey) }
    await expectRefusal(await ask(at, altered), 'context-mismatch')
    await expectRefusal(await ask(at, first), 'nonce-used')
  })

  test('for a nonce that was never given', async () => {
    await expectRefusal(await ask(at, await requestOf(who, base64(Buffer.alloc(32, 7)))), 'nonce-unknown')
  })

  test('for a nonce that was given to another worker', async () => {
    const another = await worker(at, await sample(at, other))
    const { nonce } = challengeSchema.parse(await ask(at, challengeFor(another)))
    await expectRefusal(await ask(at, await requestOf(who, nonce)), 'nonce-unknown')
  })

  test('for a nonce that is too old', async () => {
    const request = await prepared(at, who)
    await at.world.clock.advance(120_001)
    await expectRefusal(await ask(at, request), 'nonce-expired')
  })

  const swapped: [string, (request: ReleaseRequest) => ReleaseRequest][] = [
    ['public key', (request) => ({ ...request, wpk: base64(newSealKey().publicKey) })],
    ['public key of no length', (request) => ({ ...request, wpk: '' })],
    ['packet', (request) => ({ ...request, pkesks: request.pkesks.map((one) => ({ ...one, packets: base64(Buffer.from('x')) })) })],
    ['instance in the proof', (request) => ({ ...request, proof: { ...request.proof, instance: 'i-00000000000000009' } })],
  ]
  test.each(swapped)('for a swapped %s', async (_, swap) => {
    await expectRefusal(await ask(at, swap(await prepared(at, who))), 'context-mismatch')
  })

  test('for a public key that is swapped with its hash: the proof is of another context', async () => {
    const request = await prepared(at, who)
    const thief = newSealKey()
    const forged = await requestOf({ ...who, key: thief }, request.ctx.nonce)
    await expectRefusal(await ask(at, { ...forged, proof: request.proof }), 'identity-invalid')
  })

  test("for another sample's packets", async () => {
    const theirs = await worker(at, await sample(at, other))
    const { pkesks } = await prepared(at, theirs)
    await expectRefusal(await ask(at, await prepared(at, who, { pkesks })), 'packets-mismatch')
  })

  test("for another sample's packets under its own name", async () => {
    const theirs = await prepared(at, await worker(at, await sample(at, other)))
    const own = await prepared(at, who)
    const packets = theirs.pkesks[0]?.packets ?? ''
    const pkesks = own.pkesks.map((one) => ({ ...one, packets }))
    await expectRefusal(await ask(at, await prepared(at, who, { pkesks })), 'packets-mismatch')
  })

  test('for a worker that no longer runs', async () => {
    const request = await prepared(at, who)
    at.world.die(who.instance)
    await expectRefusal(await ask(at, request), 'instance-not-running')
  })

  const tags: Record<string, string>[] = [{ job: 'f'.repeat(40) }, { attempt: '2' }, { kind: 'consolidate' }]
  test.each(tags)('for a worker that was launched for something else: %o', async (tag) => {
    const stranger = await worker(at, who.signed, 1, tag)
    const { nonce } = challengeSchema.parse(await ask(at, challengeFor(who)))
    void nonce
    const challenge = challengeSchema.parse(await ask(at, challengeFor(stranger)))
    const reading = { ...stranger, cloud: Object.create(stranger.cloud, { objects: { value: who.cloud.objects } }) }
    await expectRefusal(await ask(at, await requestOf(reading, challenge.nonce)), 'instance-not-of-this-job')
  })

  test('for an altered ticket, when it asks for a nonce and when it asks for the key', async () => {
    const { by, ticket } = who.signed
    const altered = { by, ticket: { ...ticket, issuedAt: 2 } }
    await expectRefusal(await ask(at, { ...challengeFor(who), signed: altered }), 'ticket-invalid')
    await expectRefusal(await ask(at, { ...(await prepared(at, who)), signed: altered }), 'ticket-invalid')
  })

  test('for a second release to another worker of the same attempt', async () => {
    released(await ask(at, await prepared(at, who)))
    const second = await worker(at, who.signed, 1, { extra: 'x' })
    await expectRefusal(await ask(at, challengeFor(second)), 'released-to-another', 1)
  })

  test('for a second release to another worker that had its nonce before', async () => {
    const second = await worker(at, who.signed, 1, { extra: 'x' })
    const request = await prepared(at, second)
    released(await ask(at, await prepared(at, who)))
    at.world.die(who.instance)
    await expectRefusal(await ask(at, request), 'released-to-another', 1)
  })

  test('for a second key of the same worker', async () => {
    released(await ask(at, await prepared(at, who)))
    await expectRefusal(await ask(at, await prepared(at, { ...who, key: newSealKey() })), 'released-to-another', 1)
  })

  test('for attempt 2 while the worker of attempt 1 lives, and then it is', async () => {
    released(await ask(at, await prepared(at, who)))
    const second = await worker(at, who.signed, 2)
    const request = await prepared(at, second)
    await expectRefusal(await ask(at, request), 'previous-attempt-alive', 1)
    at.world.compute.terminateMs = 5000
    await at.world.compute.terminate(who.instance)
    await expectRefusal(await ask(at, request), 'previous-attempt-alive', 1)
    await at.world.clock.advance(5001)
    released(await ask(at, request))
  })

  test('for attempt 4, with three releases before', async () => {
    for (const attempt of [1, 2, 3]) {
      const one = await worker(at, who.signed, attempt)
      released(await ask(at, await prepared(at, one)))
      at.world.die(one.instance)
    }
    await expectRefusal(await ask(at, await prepared(at, await worker(at, who.signed, 4))), 'too-many-attempts', 3)
  })

  test('for a forged proof, and for the proof of another worker', async () => {
    const request = await prepared(at, who)
    await expectRefusal(await ask(at, { ...request, proof: { ...request.proof, evidence: '00'.repeat(32) } }), 'identity-invalid')
    const theirs = await worker(at, await sample(at, other))
    const mine = await prepared(at, who)
    const proof = { ...(await theirs.cloud.attestor.prove(digest(mine.ctx))), instance: who.instance }
    await expectRefusal(await ask(at, { ...mine, proof }), 'identity-invalid')
  })

  test('when no owner is known', async () => {
    const strange = await scene()
    const host = strange.world.open('keyHost')
    const secrets = { ...host.secrets, get: async (name: string) => (name.startsWith('owners/') ? undefined : at.host.secrets.get(name)) }
    at = { ...strange, host: { ...host, secrets, killed: false } }
    const one = await worker(at, await sample(at, unit))
    await expectRefusal(await ask(at, await prepared(at, one)), 'owner-unknown')
  })

  test('for a sample that was encrypted to another key: it is audited as asked for and as refused', async () => {
    const foreign = await worker(at, await sample(at, other, await encryptTo([owner.public], content, 'a')))
    const request = await prepared(at, foreign)
    await expectRefusal(await ask(at, request), 'wrong-key', 1)
    await expectRefusal(await ask(at, request), 'wrong-key', 1)
  })

  test('for a sample that is no OpenPGP message', async () => {
    const { pkesks } = await prepared(at, who)
    const plain = await worker(at, await sample(at, other, Buffer.from('visit,systolic\n')))
    const reading = { ...plain, cloud: Object.create(plain.cloud, { objects: { value: fakeRead(pkesks[0]?.packets ?? '') } }) }
    await expectRefusal(await ask(at, await prepared(at, reading)), 'not-pgp')
  })

  test('for a sample that was deleted since', async () => {
    const request = await prepared(at, who)
    await at.world.objects.delete('input', request.pkesks[0]?.key ?? '')
    await expectRefusal(await ask(at, request), 'input-missing')
  })

  test('to a consolidation of a run without results, or with others than it names', async () => {
    const signed = await consolidation(at)
    const nobody = await worker(at, signed)
    const { pkesks } = await prepared(at, who)
    await expectRefusal(await ask(at, await prepared(at, nobody, { pkesks })), 'packets-mismatch')
    await publish(at, unit, 'first')
    const request = await prepared(at, nobody)
    await publish(at, other, 'second')
    await expectRefusal(await ask(at, request), 'packets-mismatch')
    await expectRefusal(await ask(at, await prepared(at, nobody, { pkesks: request.pkesks })), 'packets-mismatch')
    const both = await prepared(at, nobody)
    released(await ask(at, both))
  })

  const rubbish: [string, string][] = [
    ['nothing', ''],
    ['no JSON', '{"op":'],
    ['another question', '{"op":"export"}'],
    ['an unknown field', '{"op":"challenge","attempt":1,"instance":"i-00000000000000001","signed":{},"extra":1}'],
    ['escapes', '\u001b[2J'],
  ]
  test.each(rubbish)('for a request that is %s', async (_, text) => {
    await expectRefusal(await ask(at, text), 'bad-request')
  })

  test('when the audit record cannot be written; the same request works once it can', async () => {
    const request = await prepared(at, who)
    const mend = at.world.faults.inject({ when: 'before', port: 'trail', op: 'append', times: Number.POSITIVE_INFINITY })
    const said = refused(await ask(at, request))
    expect(said.refused).toBe('audit-unavailable')
    expect(await at.world.trail.lines()).toEqual([])
    mend()
    await opened(who, released(await ask(at, request)), request)
    expect(await records(at, 'key.release')).toHaveLength(1)
  })
})

test('nothing that the agent carries holds a session key or HomerKey', async () => {
  const at = await scene()
  const message = await encryptTo([homer.public], content, 'a.csv')
  const who = await worker(at, await sample(at, unit, message))
  const request = await prepared(at, who)
  await ask(at, request)
  await ask(at, { ...request, ctx: { ...request.ctx, attempt: 2 } })
  const { sessionKey } = await unwrapSessionKey(homer.secret, splitMessage(message)?.packets ?? new Uint8Array())
  const body = homer.secret.split('\n').slice(2, -3).join('')
  const secrets = [
    sessionKey,
    Buffer.from(homer.secret),
    Buffer.from(body, 'base64').subarray(0, 200),
    Buffer.from(who.key.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)),
  ]
  const carried = [...at.transcript, ...(await at.world.trail.lines())].join('\n')
  expect(at.transcript).toHaveLength(6)
  for (const secret of secrets) for (const shape of shapes(secret)) expect(carried.includes(shape)).toBe(false)
  // The search itself finds what is there.
  expect(shapes(who.key.publicKey).some((shape) => carried.includes(shape))).toBe(true)
  expect(shapes(sessionKey).some((shape) => `${carried}${base64(sessionKey)}`.includes(shape))).toBe(true)
})

/** The ways in which bytes could stand in a text, base64 at all three offsets included. */
function shapes(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret)
  const inner = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  )
  return [bytes.toString('latin1'), bytes.toString('utf8'), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...inner]
}

function fakeRead(packets: string) {
  const body = Buffer.concat([Buffer.from(packets, 'base64'), Buffer.from([0xd2, 0xea, 1])])
  return {
    get: async (_: string, key: string, { version }: { version: string }) => ({
      head: { key, version, size: 1, modified: 1 },
      body: [body],
    }),
  }
}
