import { describe, expect, test } from 'vitest'
import type { Json, Trail } from '../../cloud/ports.ts'
import { type AuditEvent, appendAudit } from '../../custody/audit.ts'
import { auditBytes, nameHmac } from '../../custody/audit-record.ts'
import { ledgerHeads, verifyAudit } from '../../custody/audit-verify.ts'
import { canonical, sha256 } from '../../custody/canonical.ts'
import { type SimWorld, simWorld } from '../sim/cloud.ts'

const run = '11111111-1111-4111-8111-111111111111'
const unit = '22222222-2222-4222-8222-222222222222'
const event = (n: number): AuditEvent => ({ ev: 'sample.received', op: `received/${n}`, run, unit, size: n })

async function chainOf(length: number): Promise<{ world: SimWorld; lines: string[]; heads: { seq: number; hash: string }[] }> {
  const world = simWorld()
  const roles = ['intake', 'agent', 'keyHost'] as const
  const heads = []
  for (let n = 1; n <= length; n++) {
    const role = roles[n % 3] ?? 'intake'
    heads.push(await appendAudit(world.open(role), role, event(n)))
  }
  return { world, lines: [...(await world.trail.lines())], heads }
}

const trailOf = (lines: readonly string[]): Trail => ({ lines: async () => lines, append: async () => false })
const verify = (world: SimWorld, lines: readonly string[], heads: { seq: number; hash: string; where: string }[] = []) =>
  verifyAudit({ trail: trailOf(lines), signer: world.open('agent').signer }, heads)

/** A line with something put in place of something else, with a hash that fits again. */
function forged(line: string, from: string, to: string): string {
  const { record, ...rest } = JSON.parse(line) as { record: Json; keyId: string; signature: string }
  const changed = JSON.parse(JSON.stringify(record).replace(from, to)) as Json
  return canonical({ ...rest, record: changed, hash: sha256(canonical(changed)) })
}

describe('the audit chain', () => {
  test('holds, with records of all writers', async () => {
    const { world, lines, heads } = await chainOf(9)
    expect(heads.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    const known = heads.map((head) => ({ ...head, where: 'a row' }))
    expect(await verify(world, lines, known)).toEqual({ records: 9, ok: true, problems: [] })
    expect(await verify(world, [])).toEqual({ records: 0, ok: true, problems: [] })
  })

  const at = (lines: readonly string[], index: number): string => lines[index] ?? ''
  const attacks: [string, (lines: string[]) => string[], RegExp][] = [
    ['an edited field', (lines) => lines.with(3, at(lines, 3).replace('"size":4', '"size":5')), /record 4 does not have the hash it names/],
    [
      'an edited field under a new hash',
      (lines) => lines.with(3, forged(at(lines, 3), '"size":4', '"size":5')),
      /record 4 is not signed by agent/,
    ],
    [
      'an added field',
      (lines) => lines.with(3, at(lines, 3).replace('"size":4', '"name":"x","size":4')),
      /record 4 is not an audit record/,
    ],
    ['added white space', (lines) => lines.with(3, at(lines, 3).replace('"size":4', '"size": 4')), /record 4 is not an audit record/],
    ['a deleted record', (lines) => lines.toSpliced(3, 1), /record 4 says it is number 5/],
    ['a deleted first record', (lines) => lines.slice(1), /record 1 says it is number 2/],
    ['two records changed over', (lines) => lines.with(3, at(lines, 4)).with(4, at(lines, 3)), /record 4 says it is number 5/],
    ['a record copied in', (lines) => lines.toSpliced(3, 0, at(lines, 2)), /record 4 says it is number 3/],
    ['a record copied to the end', (lines) => [...lines, at(lines, 2)], /record 10 tells again/],
    [
      'another writer’s name',
      (lines) => lines.with(3, at(lines, 3).replace('audit-agent', 'audit-intake')),
      /record 4 is not signed by agent/,
    ],
    ['no signature', (lines) => lines.with(3, at(lines, 3).replace(/"signature":"[^"]+"/, '"signature":""')), /record 4 is not signed/],
    ['a line of something else', (lines) => [...lines, '\u001b[2J'], /record 10 is not an audit record/],
    ['an empty line', (lines) => [...lines, ''], /record 10 is not an audit record/],
  ]
  test.each(attacks)('shows %s', async (_, attack, problem) => {
    const { world, lines } = await chainOf(9)
    const { ok, problems } = await verify(world, attack(lines))
    expect(ok).toBe(false)
    expect(problems.join('\n')).toMatch(problem)
    expect(problems.join('')).not.toMatch(/[\p{Cc}]/u)
  })

  test('shows a record that its own writer replaced and signed anew', async () => {
    const { world, lines } = await chainOf(9)
    const changed = JSON.parse(forged(at(lines, 3), '"size":4', '"size":5')) as {
      hash: string
      signature: string
      record: Json
      keyId: string
    }
    const { signature } = await world.open('agent').signer.sign('audit', auditBytes(changed.hash))
    const line = canonical({ ...changed, signature: Buffer.from(signature).toString('base64') })
    expect((await verify(world, lines.with(3, line))).problems).toEqual([
      'record 5 does not follow from the one before it: one of them was edited, deleted, inserted or moved',
    ])
  })

  test('shows a cut tail, and a tail written anew, by what the ledger remembers', async () => {
    const { world, lines, heads } = await chainOf(9)
    const known = [{ seq: 8, hash: heads[7]?.hash ?? '', where: 'ledger row run#1 sample#2' }]
    expect((await verify(world, lines.slice(0, 7), known)).problems).toEqual([
      'ledger row run#1 sample#2 knows record 8, but the chain ends at 7: its tail was cut',
    ])
    expect((await verify(world, lines.slice(0, 7))).ok).toBe(true)
    const [seventh] = await Promise.all([chainOf(7)])
    await appendAudit(seventh.world.open('agent'), 'agent', event(99))
    const anew = await verify(seventh.world, await seventh.world.trail.lines(), known)
    expect(anew.problems).toEqual(['ledger row run#1 sample#2 knows another record 8 than the chain holds: it was replaced'])
  })

  test('finds the heads in the rows of all runs', async () => {
    const { world, heads } = await chainOf(3)
    const [first, second] = heads.map(({ seq, hash }) => ({ seq, hash }))
    if (first === undefined || second === undefined) throw new Error('the chain is shorter than asked for')
    const put = (pk: string, sk: string, body: { [key: string]: Json }) =>
      world.ledger.write({ op: `${pk}/${sk}`, puts: [{ pk, sk, ifRev: 0, body }] })
    await put('runs', run, { state: 'OPEN' })
    await put(`run#${run}`, 'sample#1', { auditHead: { ...first } })
    await put(`run#${run}`, 'worker#1', { receipt: { audit: { ...second }, at: 1 } })
    await put(`run#${run}`, 'worker#2', { receipt: null })
    expect(await ledgerHeads(world.open('agent').ledger)).toEqual([
      { ...first, where: `ledger row run#${run} sample#1` },
      { ...second, where: `ledger row run#${run} worker#1` },
    ])
  })
})

describe('appending', () => {
  test('the same intent again returns the record that is there', async () => {
    const { world } = await chainOf(5)
    const again = await appendAudit(world.open('agent'), 'agent', { ...event(1), size: 77 })
    expect(again.seq).toBe(1)
    expect(await world.trail.lines()).toHaveLength(5)
    // Another writer may have an intent of the same name.
    expect((await appendAudit(world.open('intake'), 'intake', event(1))).seq).toBe(6)
  })

  test('after a lost answer, the record is there once', async () => {
    const { world } = await chainOf(2)
    world.faults.inject({ when: 'after', port: 'trail', op: 'append' })
    await expect(appendAudit(world.open('agent'), 'agent', event(9))).rejects.toMatchObject({ code: 'Unavailable' })
    expect((await appendAudit(world.open('agent'), 'agent', event(9))).seq).toBe(3)
    expect(await world.trail.lines()).toHaveLength(3)
  })

  test('by many at once gives every one a place, and each intent one record', async () => {
    const world = simWorld({ latencyMs: 5, seed: 7 })
    const all = Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        const role = (['intake', 'agent', 'keyHost'] as const)[n % 3] ?? 'agent'
        return appendAudit(world.open(role), role, event(Math.floor(n / 6) * 3 + (n % 3)))
      }),
    )
    await world.clock.until(all)
    const lines = await world.trail.lines()
    expect(lines).toHaveLength(12)
    expect(await world.clock.until(verify(world, lines))).toMatchObject({ ok: true, records: 12 })
  })

  test('gives up when no place can be had, and says so', async () => {
    const world = simWorld()
    const busy = { ...world.open('agent'), trail: { ...trailOf([]) } }
    await expect(world.clock.until(appendAudit(busy, 'agent', event(1)))).rejects.toThrow(/its end was taken by others 50 times/)
  })

  test('does not go on behind a line that is no record', async () => {
    const world = simWorld()
    await world.trail.append(1, 'not a record')
    await expect(appendAudit(world.open('agent'), 'agent', event(1))).rejects.toThrow(/its line 1 is no record/)
  })

  const hostile: [string, object][] = [
    ['a field that is not known', { name: 'Ada Lovelace' }],
    ['a name where an id belongs', { unit: 'ada-lovelace' }],
    ['free words where a class belongs', { class: 'bp was 120/80' }],
    ['a name where a hash belongs', { nameHmac: '../../etc/passwd' }],
    ['a fraction', { size: 120.5 }],
    ['an intent with spaces', { op: 'received Ada' }],
    ['an intent with escapes', { op: '\u001b[2J' }],
    ['an event with a name in it', { ev: 'sample.Ada Lovelace' }],
  ]
  test.each(hostile)('refuses %s, and does not repeat it', async (_, fields) => {
    const world = simWorld()
    const error: unknown = await appendAudit(world.open('agent'), 'agent', { ...event(1), ...fields }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RangeError)
    expect(String(error)).not.toMatch(/Ada|120|passwd|\p{Cc}/u)
    expect(await world.trail.lines()).toEqual([])
  })
})

test('a hostile name is found again by its HMAC only with the key', () => {
  const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  expect(nameHmac(key, 'incoming/../x')).toMatch(/^[0-9a-f]{64}$/)
  expect(nameHmac(key, 'incoming/../x')).toBe(nameHmac(key, 'incoming/../x'))
  expect(nameHmac(key, 'incoming/../x')).not.toBe(nameHmac(other, 'incoming/../x'))
  expect(nameHmac(key, 'incoming/../x')).not.toBe(sha256('incoming/../x'))
})
