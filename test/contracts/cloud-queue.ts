import { beforeAll, describe, expect, test } from 'vitest'
import type { Cloud, Delivery } from '../../cloud/ports.ts'
import { type CloudMaker, fresh, outcome, sharedCloud } from './cloud.ts'

/** The queues: at least once, unordered, hidden for a while once handed out. */
export function testQueue(maker: CloudMaker): void {
  describe('queue', () => {
    const cloud = sharedCloud(maker)
    let agent: Cloud
    let intake: Cloud
    let owner: Cloud
    beforeAll(async () => {
      agent = await cloud().open('agent')
      intake = await cloud().open('intake')
      owner = await cloud().open('owner')
    })

    const hour = 3_600_000
    const receive = (options: { waitMs?: number; max?: number; visibilityMs?: number } = {}, signal?: AbortSignal) =>
      cloud().wait(agent.queue.receive('doorbell', { waitMs: 0, max: 10, visibilityMs: hour, ...options }, signal))

    /** The one message with this body; others that come by are done. */
    const receiveBody = async (body: string, visibilityMs = hour): Promise<Delivery> => {
      for (let round = 0; round < 20; round++) {
        for (const delivery of await receive({ waitMs: 1000, max: 1, visibilityMs })) {
          if (delivery.body === body) return delivery
          await delivery.done()
        }
      }
      throw new Error('the message did not come')
    }

    test('delivers what was sent, as it was sent', async () => {
      const body = `${fresh()} é \u{1f600} "'\\ \n`
      await intake.queue.send('doorbell', body)
      const delivery = await receiveBody(body, 300)
      expect(delivery.receives).toBe(1)
      await delivery.done()
      await delivery.done()
      await cloud().pass(400)
      expect(await receive()).toEqual([])
    })

    test('gives a message again that is not done within its visibility, and not before', async () => {
      const body = fresh()
      await agent.queue.send('doorbell', body)
      const first = await receiveBody(body, 1500)
      expect((await receive()).map((delivery) => delivery.body)).not.toContain(body)
      await cloud().pass(1600)
      const second = await receiveBody(body)
      expect([first.receives, second.receives]).toEqual([1, 2])
      expect(second.id).toBe(first.id)
      await second.done()
    })

    test('gives a message again that is put back, at once or after a while', async () => {
      const body = fresh()
      await agent.queue.send('doorbell', body)
      await (await receiveBody(body)).retry(0)
      const again = await receiveBody(body)
      expect(again.receives).toBe(2)
      await again.retry(1500)
      expect(await receive()).toEqual([])
      await cloud().pass(1600)
      await (await receiveBody(body)).done()
    })

    test.each([-1, 43_200_001, Number.NaN])('refuses to put a message back for %d ms', async (delayMs) => {
      const body = fresh()
      await agent.queue.send('doorbell', body)
      const delivery = await receiveBody(body)
      expect(await outcome(delivery.retry(delayMs))).toBe('InvalidArgument')
      expect(await outcome(delivery.retry(43_200_000))).toBe('done')
      await delivery.done()
    })

    test.each([
      ['4 KiB', 'x'.repeat(4096), 'done'],
      ['4 KiB in letters of two bytes', 'é'.repeat(2048), 'done'],
      ['a byte more', 'x'.repeat(4097), 'InvalidArgument'],
      ['4 KiB of letters, but more bytes', `${'x'.repeat(4095)}é`, 'InvalidArgument'],
    ])('takes bodies up to 4 KiB: %s', async (_, body, expected) => {
      expect(await outcome(agent.queue.send('doorbell', body))).toBe(expected)
      if (expected === 'done') await (await receiveBody(body)).done()
      else expect(await receive()).toEqual([])
    })

    test.each([0, 11, 1.5])('refuses to hand out %d messages at once', async (max) => {
      expect(await outcome(receive({ max }))).toBe('InvalidArgument')
    })

    test('hands out at most as many as asked for, and all in the end', async () => {
      const bodies = Array.from({ length: 15 }, () => fresh())
      for (const body of bodies) await agent.queue.send('doorbell', body)
      const got = new Set<string>()
      for (let round = 0; round < 30 && got.size < bodies.length; round++) {
        const some = await receive({ max: 4 })
        expect(some.length).toBeLessThanOrEqual(4)
        for (const delivery of some) {
          got.add(delivery.body)
          await delivery.done()
        }
      }
      expect([...got].toSorted()).toEqual(bodies.toSorted())
    })

    test('waits for the first message, and no longer than asked', async () => {
      const before = agent.clock.now()
      expect(await receive({ waitMs: 400 })).toEqual([])
      expect(agent.clock.now() - before).toBeGreaterThanOrEqual(390)

      const body = fresh()
      const start = agent.clock.now()
      const waiting = agent.queue.receive('doorbell', { waitMs: 20_000, max: 1, visibilityMs: hour })
      await cloud().pass(100)
      await intake.queue.send('doorbell', body)
      const [delivery] = await cloud().wait(waiting)
      expect(delivery?.body).toBe(body)
      expect(agent.clock.now() - start).toBeLessThan(10_000)
      await delivery?.done()
    })

    test('a wait also ends when a hidden message comes back', async () => {
      const body = fresh()
      await agent.queue.send('doorbell', body)
      await receiveBody(body, 500)
      const start = agent.clock.now()
      const [delivery] = await receive({ waitMs: 20_000 })
      expect(delivery?.body).toBe(body)
      expect(agent.clock.now() - start).toBeLessThan(10_000)
      await delivery?.done()
    })

    test('a wait ends with nothing when its signal is aborted', async () => {
      expect(await receive({ waitMs: 20_000 }, AbortSignal.abort())).toEqual([])
      const abort = new AbortController()
      const start = agent.clock.now()
      const waiting = agent.queue.receive('doorbell', { waitMs: 20_000, max: 1, visibilityMs: hour }, abort.signal)
      await cloud().pass(100)
      abort.abort()
      expect(await cloud().wait(waiting)).toEqual([])
      expect(agent.clock.now() - start).toBeLessThan(10_000)
    })

    test('loses no message when several receivers ask at once', async () => {
      const bodies = Array.from({ length: 20 }, () => fresh())
      for (const body of bodies) await agent.queue.send('doorbell', body)
      const other = await cloud().open('agent')
      const got: string[] = []
      const drain = async (from: Cloud) => {
        for (;;) {
          const some = await from.queue.receive('doorbell', { waitMs: 0, max: 3, visibilityMs: hour })
          if (some.length === 0) return
          for (const delivery of some) {
            got.push(delivery.body)
            await delivery.done()
          }
        }
      }
      await cloud().wait(Promise.all([drain(agent), drain(other), drain(agent)]))
      expect([...new Set(got)].toSorted()).toEqual(bodies.toSorted())
      await other.close()
    })

    test('rings `events` for an object put into `input`, and only there', async () => {
      await agent.objects.put('ancillary', `relay/${fresh()}`, Buffer.from('abc'))
      const key = `incoming/${fresh()}/${fresh()}.pgp`
      const head = await owner.objects.put('input', key, Buffer.from('abc'))
      const events = await cloud().wait(intake.queue.receive('events', { waitMs: 5000, max: 10, visibilityMs: hour }))
      expect(events.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ key, version: head.version, size: 3 }])
      expect(await receive()).toEqual([])
    })

    test('a put whose name makes too long a message succeeds all the same', async () => {
      const key = `incoming/${'\u0001'.repeat(1000)}`
      expect(await outcome(owner.objects.put('input', key, Buffer.from('abc')))).toBe('done')
      expect((await intake.objects.list('input', 'incoming/')).map((head) => head.key)).toContain(key)
    })
  })
}
