import { describe, expect, test } from 'vitest'
import { nameHmac } from '../../custody/audit-record.ts'
import { sampleKey, sealKey } from '../../custody/names.ts'
import { readRun } from '../../fleet/rows.ts'
import { handle, handlerOf } from '../../intake/handler.ts'
import { handler } from '../../intake/lambda.ts'
import { simWorld } from '../sim/cloud.ts'
import { INPUT, s3Event, s3Record, s3TestEvent } from './s3-event-records.ts'

const RUN = '00000000-0000-4000-8000-000000000001'
const sample = (index: number): string => sampleKey(RUN, `00000000-0000-4000-8000-${String(index + 100).padStart(12, '0')}`)

/** A world with an owner who puts, and the function with its cloud opened there. */
function given() {
  const world = simWorld()
  const owner = world.open('owner')
  let ops = 0
  const open = () => ({
    bucket: INPUT,
    intake: {
      cloud: world.open('intake'),
      maxSampleBytes: 1_000,
      nameHmac: (name: string) => nameHmac(Buffer.alloc(32, 7), name),
      newOp: () => `op-${++ops}`,
    },
  })
  return {
    world,
    open,
    /** Puts an object; the record is what S3 tells of it. */
    put: async (key: string, bytes = 'ciphertext') => {
      const { version, size } = await world.clock.until(owner.objects.put('input', key, Buffer.from(bytes)))
      return s3Record({ key: encodeURIComponent(key), size, versionId: version })
    },
    handle: (payload: unknown, opened = open()) => world.clock.until(handle(opened, payload)),
    received: async () => (await readRun(world.ledger, RUN))?.run.value.received ?? 0,
    /** Doorbells that wait for the agent. */
    rings: async () => (await world.clock.until(world.queue.receive('doorbell', { waitMs: 0, max: 10, visibilityMs: 1 }))).length,
  }
}

describe('the function', () => {
  test('takes samples and the seal of one event, and rings once', async () => {
    const { put, handle, received, rings } = given()
    const event = s3Event(await put(sample(0)), await put(sample(1)), await put(sealKey(RUN, 2), ''))
    expect(await handle(event)).toEqual({ new: 3, known: 0, refused: 0, removed: 0, test: 0 })
    expect([await received(), await rings()]).toEqual([2, 1])
  })

  test('takes the same event again without harm, and rings again: its first half may have died before it could', async () => {
    const { put, handle, received, rings } = given()
    const event = s3Event(await put(sample(0)))
    await handle(event)
    expect(await handle(event)).toMatchObject({ new: 0, known: 1 })
    expect([await received(), await rings()]).toEqual([1, 2])
  })

  test('does nothing and rings nobody for removals and for the question whether it is there', async () => {
    const { handle, rings } = given()
    expect(await handle(s3Event(s3Record({ eventName: 'ObjectRemoved:Delete', size: null })))).toMatchObject({ removed: 1 })
    expect(await handle(s3TestEvent())).toMatchObject({ test: 1 })
    expect(await rings()).toBe(0)
  })

  test('ctl:M7 deletes an object whose name is not on the allow-list and keeps a keyed hash of it; that is no failure', async () => {
    const { world, put, handle, rings } = given()
    expect(await handle(s3Event(await put('incoming/DOE JOHN 1938.pgp')))).toMatchObject({ refused: 1 })
    expect(await world.objects.list('input', '')).toEqual([])
    expect(await rings()).toBe(0)
    expect((await world.trail.lines()).join()).not.toContain('DOE')
  })

  test('takes every good record before a bad one fails the invocation, in words that name nobody', async () => {
    const { put, handle, received, rings } = given()
    const event = s3Event({ of: 'DOE' }, await put(sample(0)), s3Record({ key: 'DOE', bucket: 'DOE' }), await put(sample(1)))
    await expect(handle(event)).rejects.toThrow(/^intake: 2 of 4 records could not be taken: shape, bucket$/)
    expect([await received(), await rings()]).toEqual([2, 1])
  })

  test.each(['before', 'after'] as const)('fails when the cloud fails %s the effect, and the same event again mends it', async (when) => {
    const { world, put, handle, received } = given()
    const event = s3Event(await put(sample(0)), await put(sample(1)))
    world.faults.inject({ when, port: 'ledger', op: 'write' })
    await expect(handle(event)).rejects.toThrow(/^intake: 1 of 2 records could not be taken: Unavailable$/)
    await handle(event)
    expect(await received()).toBe(2)
  })

  test('fails when nobody could be told, so that it is tried again', async () => {
    const { world, put, handle, rings } = given()
    const event = s3Event(await put(sample(0)))
    world.faults.inject({ when: 'before', port: 'queue', op: 'send', role: 'intake' })
    await expect(handle(event)).rejects.toMatchObject({ code: 'Unavailable' })
    await handle(event)
    expect(await rings()).toBe(1)
  })

  test('opens its cloud once, and once more only when it could not be opened', async () => {
    const { open } = given()
    let opened = 0
    const called = handlerOf(async () => {
      if (++opened === 1) throw new Error('no answer')
      return open()
    })
    await expect(called(s3TestEvent())).rejects.toThrow('no answer')
    await called(s3TestEvent())
    await called(s3TestEvent())
    expect(opened).toBe(2)
  })
})

test('ctl:M6 while there are no AWS adapters, the program fails every event, so that none is taken for done', async () => {
  await expect(handler(s3TestEvent())).rejects.toThrow(/^intake: this release has no AWS adapters/)
  await expect(handler(s3Event(s3Record()))).rejects.toThrow('dead-letter queue')
})
