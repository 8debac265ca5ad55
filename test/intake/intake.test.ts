import { describe, expect, test } from 'vitest'
import { CloudError } from '../../cloud/ports.ts'
import { parseAuditLine } from '../../custody/audit.ts'
import { nameHmac } from '../../custody/audit-record.ts'
import { verifyAudit } from '../../custody/audit-verify.ts'
import { type ObjectEvent, objectEventSchema } from '../../custody/messages.ts'
import { sampleKey, sealKey } from '../../custody/names.ts'
import { verifyTicket } from '../../custody/tickets.ts'
import { RUNS, readRun, toBody } from '../../fleet/rows.ts'
import { type Intake, type Taken, takeListing, takeObject } from '../../intake/intake.ts'
import { simWorld } from '../sim/cloud.ts'

const RUN = '00000000-0000-4000-8000-000000000001'
const unit = (index: number): string => `00000000-0000-4000-8000-${String(index + 100).padStart(12, '0')}`
const sample = (index: number): string => sampleKey(RUN, unit(index))
const hmacKey = Buffer.alloc(32, 7)
const MAX = 1_000

/** A world with an owner who puts, and any number of intakes that take. */
function given(options: { seed?: number; latencyMs?: number } = {}) {
  const world = simWorld(options)
  const owner = world.open('owner')
  let ops = 0
  const intake = (): Intake => ({
    cloud: world.open('intake'),
    maxSampleBytes: MAX,
    nameHmac: (name) => nameHmac(hmacKey, name),
    newOp: () => `op-${++ops}`,
  })
  return {
    world,
    intake,
    put: async (key: string, bytes: string | Uint8Array = 'ciphertext'): Promise<ObjectEvent> => {
      const { version, size } = await world.clock.until(owner.objects.put('input', key, Buffer.from(bytes)))
      return { key, version, size }
    },
    take: (event: ObjectEvent, by = intake()): Promise<Taken> => world.clock.until(takeObject(by, event)),
    list: (by = intake()): Promise<number> => world.clock.until(takeListing(by)),
    /** Every notification that was sent, as it stands in the queue. */
    events: async (): Promise<ObjectEvent[]> => {
      const deliveries = await world.clock.until(world.queue.receive('events', { waitMs: 0, max: 10, visibilityMs: 1 }))
      return deliveries.map(({ body }) => objectEventSchema.parse(JSON.parse(body)))
    },
    run: async () => {
      const record = await readRun(world.ledger, RUN)
      return record && { ...record.run.value, jobs: record.jobs.map(({ value }) => value) }
    },
    inputs: async () => (await world.objects.list('input', '')).map(({ key }) => key),
    /** Kinds of record, or one kind's records. */
    audited: async (ev?: string) => {
      const records = (await world.trail.lines()).map((line) => parseAuditLine(line)?.record)
      return records.filter((record) => ev === undefined || record?.ev === ev)
    },
  }
}

describe('an object that was put', () => {
  test('becomes a row with a ticket that only intake can sign, once, however often it is told of', async () => {
    const { world, put, take, list, run, audited } = given()
    const event = await put(sample(0))
    expect([await take(event), await take(event), await list()]).toEqual(['new', 'known', 0])
    const found = await run()
    expect(found).toMatchObject({ state: 'OPEN', received: 1, expected: null })
    expect(found?.jobs).toMatchObject([{ unit: unit(0), state: 'RECEIVED', signed: { ticket: { object: event } } }])
    const [job] = found?.jobs ?? []
    expect(job && (await verifyTicket(world.open('agent').signer, job.signed))).toBe(true)
    expect(await audited('sample.received')).toHaveLength(1)
  })

  test.each([
    ['empty', ''],
    ['too-large', 'x'.repeat(MAX + 1)],
  ])('that is %s becomes a failed row at once', async (failure, bytes) => {
    const { put, take, run, audited } = given()
    expect(await take(await put(sample(0), bytes))).toBe('new')
    expect((await run())?.jobs).toMatchObject([{ state: 'FAILED', class: failure }])
    expect(await audited('sample.received')).toMatchObject([{ class: failure, size: bytes.length }])
  })

  test('of the largest size is taken', async () => {
    const { put, take, run } = given()
    await take(await put(sample(0), 'x'.repeat(MAX)))
    expect((await run())?.jobs).toMatchObject([{ state: 'RECEIVED' }])
  })

  test('under the name of an earlier one is refused, and the first one counts', async () => {
    const { put, take, run, inputs, audited } = given()
    const first = await put(sample(0))
    await take(first)
    expect(await take(await put(sample(0), 'others'))).toBe('refused')
    expect((await run())?.jobs).toMatchObject([{ signed: { ticket: { object: first } } }])
    expect(await audited('object.refused')).toMatchObject([{ reason: 'overwritten', run: RUN }])
    expect(await inputs()).toEqual([sample(0)])
  })
})

describe('a seal', () => {
  test('may come before, between and after its samples', async () => {
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [0, 2, 1],
    ]) {
      const { put, take, run } = given()
      const events = [await put(sample(0)), await put(sample(1)), await put(sealKey(RUN, 2), '')]
      for (const index of order) expect(await take(events[index] as ObjectEvent)).toBe('new')
      expect(await run()).toMatchObject({ state: 'SEALED', expected: 2, received: 2, consolidate: { ticket: { kind: 'consolidate' } } })
    }
  })

  const cases: readonly {
    readonly title: string
    readonly before: readonly string[]
    readonly bytes?: string
    readonly count: number
    readonly taken: Taken
    readonly expected: number | null
    readonly reason?: string
  }[] = [
    { title: 'with fewer samples than came', before: [sample(0), sample(1)], count: 1, taken: 'refused', expected: null, reason: 'seal' },
    { title: 'that is not empty', before: [], bytes: 'words', count: 1, taken: 'refused', expected: null, reason: 'seal' },
    { title: 'with another count', before: [sealKey(RUN, 2)], count: 3, taken: 'refused', expected: 2, reason: 'sealed-otherwise' },
    { title: 'that is put again', before: [sealKey(RUN, 2)], count: 2, taken: 'known', expected: 2 },
  ]
  test.each(cases)('$title is $taken', async ({ before, bytes = '', count, taken, expected, reason }) => {
    const { put, take, run, audited } = given()
    for (const key of before) await take(await put(key, key.endsWith('.seal') ? '' : 'ciphertext'))
    expect(await take(await put(sealKey(RUN, count), bytes))).toBe(taken)
    expect((await run())?.expected ?? null).toBe(expected)
    expect(await audited('object.refused')).toMatchObject(reason === undefined ? [] : [{ reason }])
  })

  test('closes its run: one sample more is refused', async () => {
    const { put, take, run, audited } = given()
    await take(await put(sealKey(RUN, 1), ''))
    await take(await put(sample(0)))
    expect(await take(await put(sample(1)))).toBe('refused')
    expect(await run()).toMatchObject({ received: 1, jobs: [{ unit: unit(0) }] })
    expect(await audited('object.refused')).toMatchObject([{ reason: 'run-full' }])
  })
})

describe('a name that is not on the allow-list', () => {
  const uuid = '00000000-0000-4000-8000-00000000000a'
  test.each([
    'incoming/',
    'incoming/DOE_JOHN_1938-10-30.pgp',
    `incoming/${RUN}/../../etc/passwd`,
    `incoming/${RUN}/${uuid}.pgp/`,
    `incoming/${RUN}//${uuid}.pgp`,
    `incoming/${RUN}/-rf.pgp`,
    `incoming/${RUN}/${uuid.toUpperCase()}.pgp`,
    `incoming/${RUN}/${uuid}.pgp\n`,
    `incoming/${RUN}/\u001b[31m${uuid}.pgp`,
    `incoming/${RUN}/${uuid}\u202e.pgp`,
    `incoming/${RUN}/0.seal`,
    `incoming/${RUN}/01.seal`,
    `incoming/${RUN}/1e3.seal`,
    `incoming/${RUN}/-1.seal`,
    `incoming/${RUN}/1000000.seal`,
    'incoming/__proto__/constructor',
    `incoming/${'x'.repeat(1_000)}`,
  ])('%j: is refused once, deleted, and kept as a keyed hash alone', async (key) => {
    const { world, put, take, list, run, inputs, audited } = given()
    const event = await put(key)
    expect([await take(event), await take(event), await list()]).toEqual(['refused', 'refused', 0])
    expect(await inputs()).toEqual([])
    expect(await run()).toBeUndefined()
    expect(await world.ledger.query(RUNS)).toEqual([])
    const [refused, ...more] = await audited()
    expect(more).toEqual([])
    expect(refused).toMatchObject({ ev: 'object.refused', reason: 'name', nameHmac: nameHmac(hmacKey, key) })
    const [line] = await world.trail.lines()
    expect(line).not.toContain(JSON.stringify(key.slice(9)).slice(1, -1) || key)
  })
})

describe('nothing is lost', () => {
  test('when no notification ever comes: the listing makes the rows, seal before samples or not', async () => {
    const { world, put, list, run } = given()
    world.faults.queue = { lose: 1, double: 0 }
    for (const index of [2, 0, 1]) await put(sample(index))
    await put(sealKey(RUN, 3), '')
    await put('incoming/hostile', 'x')
    expect(await list()).toBe(4)
    expect(await list()).toBe(0)
    expect(await run()).toMatchObject({ state: 'SEALED', received: 3, jobs: [0, 1, 2].map((index) => ({ unit: unit(index) })) })
  })

  test.each([1, 2, 3, 4, 5, 6])('nor doubled when four intakes take the same objects at once, seed %i', async (seed) => {
    const { world, put, intake, run, audited } = given({ seed, latencyMs: 40 })
    const events = [
      ...[await put(sample(0)), await put(sample(1)), await put(sample(2))],
      ...[await put(sealKey(RUN, 3), ''), await put('incoming/hostile', 'x')],
    ]
    const taken = await world.clock.until(
      Promise.all([1, 2, 3, 4].flatMap(() => [...events.map((event) => takeObject(intake(), event)), takeListing(intake())])),
    )
    expect(taken.filter((one) => one === 'new').length + taken.filter((one) => typeof one === 'number').reduce((a, b) => a + b, 0)).toBe(4)
    expect(await run()).toMatchObject({ state: 'SEALED', received: 3, expected: 3 })
    const kinds = (await audited()).map((record) => record?.ev).sort()
    expect(kinds).toEqual(['object.refused', 'run.sealed', 'sample.received', 'sample.received', 'sample.received'])
    const verdict = world.clock.until(verifyAudit({ trail: world.trail, signer: world.open('agent').signer }, []))
    expect(await verdict).toMatchObject({ ok: true, records: 5 })
  })

  test('when two seals with different counts race, one of them counts and the other is refused', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { world, put, intake, run, audited } = given({ seed, latencyMs: 40 })
      const events = [await put(sealKey(RUN, 1), ''), await put(sealKey(RUN, 2), '')]
      const taken = await world.clock.until(Promise.all(events.map((event) => takeObject(intake(), event))))
      expect(taken.toSorted()).toEqual(['new', 'refused'])
      const expected = (await run())?.expected
      expect(expected).toBe(taken[0] === 'new' ? 1 : 2)
      expect((await audited('run.sealed')).map((record) => record?.count)).toContain(expected)
    }
  })

  test('by one object that cannot be taken: those behind it are', async () => {
    const { world, put, list, run, inputs } = given()
    await put('incoming/0-hostile')
    await put(sample(0))
    world.faults.inject({ when: 'before', port: 'objects', op: 'delete', error: 'AccessDenied', times: 2 })
    await expect(list()).rejects.toThrow(CloudError)
    expect((await run())?.received).toBe(1)
    await expect(list()).rejects.toThrow(CloudError)
    expect(await list()).toBe(0)
    expect(await inputs()).toEqual([sample(0)])
  })

  test.each(['sign', 'write', 'append', 'delete'])('nor a record of it, when intake is killed around its %s', async (op) => {
    for (const when of ['before', 'after'] as const) {
      for (const nth of [0, 1, 2]) {
        const { world, put, intake, list, run, inputs, audited } = given()
        await put(sample(0))
        await put(sealKey(RUN, 1), '')
        await put('incoming/hostile', 'x')
        let calls = 0
        world.faults.inject({ when, error: 'crash', where: (call) => call.role === 'intake' && call.op === op && calls++ === nth })
        await list(intake()).catch(() => undefined)
        await list()
        expect(await run()).toMatchObject({ state: 'SEALED', received: 1 })
        expect(await inputs()).not.toContain('incoming/hostile')
        const kinds = (await audited()).map((record) => record?.ev).sort()
        expect(kinds, `${when} ${op} ${nth}`).toEqual(['object.refused', 'run.sealed', 'sample.received'])
      }
    }
  })

  test('a late object of a quiescent run has it swept again; a late notification does not', async () => {
    for (const key of [sample(0), sample(1), sealKey(RUN, 1)]) {
      const { world, put, take, run } = given()
      const first = await put(sample(0))
      await take(first)
      const seal = await put(sealKey(RUN, 1), '')
      await take(seal)
      const row = await world.ledger.get(RUNS, RUN)
      const { jobs: _, ...body } = (await run()) ?? { jobs: [] }
      const ended = { ...body, state: 'COMPLETE', quiescent: true } as Parameters<typeof toBody>[0]
      await world.ledger.write({ op: 'ended', puts: [{ pk: RUNS, sk: RUN, ifRev: row?.rev ?? 0, body: toBody(ended) }] })
      for (const { key: gone } of [first, seal]) await world.objects.delete('input', gone)
      expect([await take(first), await take(seal)]).toEqual(['known', 'known'])
      expect((await run())?.quiescent).toBe(true)
      await take(await put(key, key.endsWith('.seal') ? '' : 'late'))
      expect(await run()).toMatchObject({ state: 'COMPLETE', quiescent: false, received: 1 })
    }
  })
})
