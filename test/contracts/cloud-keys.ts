import { createPublicKey, verify } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Cloud, Proof, Role, SigningKey } from '../../cloud/ports.ts'
import { sha256 } from '../../custody/canonical.ts'
import { type CloudMaker, cameTrue, fresh, launchWorker, outcome, sampleTags, sharedCloud } from './cloud.ts'

const signers: readonly (readonly [Role, SigningKey, string])[] = [
  ['intake', 'ticket', 'ticket'],
  ['keyHost', 'answer', 'answer'],
  ['intake', 'audit', 'audit-intake'],
  ['agent', 'audit', 'audit-agent'],
  ['keyHost', 'audit', 'audit-key-host'],
]

/** Whether a signature holds, as anybody with the public half finds out. */
function holds(pem: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey(pem)
  return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key, signature)
}

/** Signer and attestor. */
export function testKeys(maker: CloudMaker): void {
  describe('signer', () => {
    const cloud = sharedCloud(maker)
    const bytes = Buffer.from('what is signed')

    test.each(signers)('%s signs with its key %s so that anybody can verify', async (role, key, keyId) => {
      const signer = await cloud().open(role)
      const made = await signer.signer.sign(key, bytes)
      expect(made.keyId).toBe(keyId)
      const anybody = await cloud().open('owner')
      const pem = await anybody.signer.publicKey(keyId)
      expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n?$/)
      expect(holds(pem, bytes, made.signature)).toBe(true)
      expect(holds(pem, Buffer.from('something else'), made.signature)).toBe(false)
      const again = await cloud().open(role)
      expect(holds(pem, Buffer.alloc(0), (await again.signer.sign(key, Buffer.alloc(0))).signature)).toBe(true)
      expect(await again.signer.publicKey(keyId)).toBe(pem)
    })

    test('has five keys, each its own', async () => {
      const { signer } = await cloud().open('sweeper')
      const pems = await Promise.all(signers.map(([, , keyId]) => signer.publicKey(keyId)))
      expect(new Set(pems).size).toBe(signers.length)
    })

    test.each(['', 'audit', 'nobody', '../ticket', 'ticket.pub', 'TICKET', 'ticket\0', 'homerkey.asc'])(
      'has no public key %j',
      async (keyId) => {
        const { signer } = await cloud().open('agent')
        expect(await outcome(signer.publicKey(keyId))).toBe('NotFound')
      },
    )
  })

  describe('attestor', () => {
    const cloud = sharedCloud(maker)
    const binding = sha256('what is asked')
    let keyHost: Cloud
    let proof: Proof
    let instances: readonly string[]
    let workers: readonly Cloud[]
    beforeAll(async () => {
      keyHost = await cloud().open('keyHost')
      instances = await Promise.all([1, 2].map(async () => (await launchWorker(cloud(), sampleTags())).id))
      workers = await Promise.all(instances.map((instance) => cloud().open('worker', { instance })))
      const first = workers[0]
      if (first === undefined) throw new Error('no worker')
      proof = await first.attestor.prove(binding)
    }, 60_000)

    test('shows which instance asks, and for what', async () => {
      for (const [index, worker] of workers.entries()) {
        const own = await worker.attestor.prove(binding)
        expect(own.instance).toBe(instances[index])
        expect(await keyHost.attestor.verify(own, binding)).toEqual({ instance: instances[index] })
      }
    })

    test.each<[string, (good: Proof) => Proof, string?]>([
      ['is bound to something else', (good) => good, sha256('another request')],
      ['has its binding in other letters', (good) => good, binding.toUpperCase()],
      ['names another instance', (good) => ({ ...good, instance: instances[1] ?? '' })],
      ['names an instance that never was', (good) => ({ ...good, instance: `i-${'0'.repeat(17)}` })],
      ['names a path', (good) => ({ ...good, instance: '../../etc' })],
      ['is of another kind', (good) => ({ ...good, kind: 'other' })],
      ['has altered evidence', ({ evidence, ...good }) => ({ ...good, evidence: flip(evidence) })],
      ['has cut evidence', ({ evidence, ...good }) => ({ ...good, evidence: evidence.slice(0, -4) })],
      ['has no evidence', (good) => ({ ...good, evidence: '' })],
      ['has nonsense for evidence', (good) => ({ ...good, evidence: '\u{1f600}{"a":[' })],
    ])('does not hold when the proof %s', async (_, change, bound = binding) => {
      expect(await outcome(keyHost.attestor.verify(change(proof), bound))).toBe('InvalidIdentity')
      expect(await outcome(keyHost.attestor.verify(proof, binding))).toBe('done')
    })

    test.each(['', 'abc', sha256('x').toUpperCase(), `${sha256('x')}0`, fresh()])('proves nothing for what is no hash: %j', async (bad) => {
      for (const worker of workers) expect(await outcome(worker.attestor.prove(bad))).toBe('InvalidArgument')
    })

    test('proves nothing for an instance that has ended', async () => {
      const instance = instances[1] ?? ''
      await cloud().die(instance)
      const { compute } = await cloud().open('sweeper')
      const hasEnded = async () => (await compute.describe()).some(({ id, state }) => id === instance && state === 'terminated')
      expect(await cameTrue(cloud(), hasEnded)).toBe(true)
      const end = await outcome(async () => (await cloud().open('worker', { instance })).attestor.prove(binding))
      expect(end).toBe('AccessDenied')
    })
  })
}

/** The same text with one letter in its middle changed. */
function flip(text: string): string {
  const at = Math.floor(text.length / 2)
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
}
