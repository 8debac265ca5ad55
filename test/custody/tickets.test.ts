import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Ticket } from '../../custody/messages.ts'
import { sampleJob, sampleKey } from '../../custody/names.ts'
import { signTicket, verifySignature, verifyTicket } from '../../custody/tickets.ts'
import { simWorld } from '../sim/cloud.ts'

const run = '11111111-1111-4111-8111-111111111111'
const unit = '22222222-2222-4222-8222-222222222222'
const key = sampleKey(run, unit)
const ticket: Ticket = {
  v: 1,
  kind: 'sample',
  job: sampleJob('input', key, 'v1'),
  run,
  unit,
  object: { key, version: 'v1', size: 10 },
  issuedAt: 1,
}

describe('a ticket', () => {
  const world = simWorld()
  const intake = world.open('intake').signer
  const anybody = world.open('worker', { instance: machine(world) }).signer

  test('signed by intake holds for everybody', async () => {
    expect(await verifyTicket(anybody, await signTicket(intake, ticket))).toBe(true)
  })

  test('holds no more once one field is another', async () => {
    const signed = await signTicket(intake, ticket)
    const altered: Ticket[] = [
      { ...ticket, job: 'f'.repeat(40) },
      { ...ticket, run: unit },
      { ...ticket, unit: run },
      { ...ticket, issuedAt: 2 },
      { ...ticket, object: { ...ticket.object, version: 'v2' } },
      { ...ticket, object: { ...ticket.object, key: sampleKey(run, run) } },
      { v: 1, kind: 'consolidate', job: ticket.job, run, unit: 'table', issuedAt: 1 },
    ]
    for (const other of altered) expect(await verifyTicket(anybody, { ...signed, ticket: other })).toBe(false)
  })

  test('cannot be signed by another role, nor with a key meant for something else', async () => {
    await expect(signTicket(world.open('agent').signer, ticket)).rejects.toMatchObject({ code: 'AccessDenied' })
    const signed = await signTicket(intake, ticket)
    for (const keyId of ['answer', 'audit-intake', 'no-such-key'])
      expect(await verifyTicket(anybody, { ...signed, by: { ...signed.by, keyId } })).toBe(false)
    const audit = await intake.sign('audit', Buffer.from('x'))
    expect(
      await verifyTicket(anybody, { ticket, by: { keyId: 'ticket', signature: Buffer.from(audit.signature).toString('base64') } }),
    ).toBe(false)
  })
})

describe('a signature', () => {
  const bytes = Buffer.from('what was signed')
  const pem = (key: { export(options: { type: 'spki'; format: 'pem' }): string | Buffer }) =>
    key.export({ type: 'spki', format: 'pem' }).toString()
  const ed = generateKeyPairSync('ed25519')
  const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

  test('by Ed25519 and by P-256 is verified with the public half, and refused for other bytes', () => {
    for (const [pair, signature] of [
      [ed, sign(null, bytes, ed.privateKey)] as const,
      [p256, sign('sha256', bytes, p256.privateKey)] as const,
    ]) {
      expect(verifySignature(pem(pair.publicKey), bytes, signature)).toBe(true)
      expect(verifySignature(pem(pair.publicKey), Buffer.from('other'), signature)).toBe(false)
      expect(verifySignature(pem(pair.publicKey), bytes, Buffer.alloc(64))).toBe(false)
    }
  })

  test('by any other kind of key is an error', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    expect(() => verifySignature(pem(rsa.publicKey), bytes, Buffer.alloc(64))).toThrow(/expected an Ed25519 or P-256 public key, got rsa/)
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
    expect(() => verifySignature(pem(p384.publicKey), bytes, Buffer.alloc(64))).toThrow(/expected an Ed25519 or P-256/)
  })
})

function machine(world: ReturnType<typeof simWorld>): string {
  const tags = { job: ticket.job, run, attempt: '1', worker: 'w', kind: 'sample', unit }
  void world.compute.launch({ token: 't', image: 'i', type: 't', subnet: 's', userData: '', tags })
  const [id = ''] = world.compute.machines.keys()
  world.boot(id)
  return id
}
