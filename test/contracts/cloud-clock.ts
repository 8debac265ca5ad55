import { describe, expect, test } from 'vitest'
import type { Role } from '../../cloud/ports.ts'
import { type CloudMaker, fresh, sharedCloud } from './cloud.ts'

const roles: readonly Role[] = ['owner', 'intake', 'agent', 'sweeper', 'keyHost']

/** The clock, and opening and closing. */
export function testClock(maker: CloudMaker): void {
  describe('clock', () => {
    const cloud = sharedCloud(maker)

    test('sleeps as long as asked and not much longer', async () => {
      const { clock } = await cloud().open('agent')
      const before = clock.now()
      await cloud().wait(clock.sleep(200))
      expect(clock.now() - before).toBeGreaterThanOrEqual(199)
      expect(clock.now() - before).toBeLessThan(10_000)
      await cloud().wait(clock.sleep(0))
    })

    test('wakes with the reason of its signal', async () => {
      const { clock } = await cloud().open('agent')
      const [early, late] = [new Error('before'), new Error('while sleeping')]
      await expect(clock.sleep(60_000, AbortSignal.abort(early))).rejects.toBe(early)
      const abort = new AbortController()
      const sleeping = clock.sleep(60_000, abort.signal)
      abort.abort(late)
      await expect(sleeping).rejects.toBe(late)
      const calm = new AbortController()
      await cloud().wait(clock.sleep(10, calm.signal))
      calm.abort(new Error('too late'))
    })

    test('is the same for all who open', async () => {
      const [one, two] = [await cloud().open('agent'), await cloud().open('owner')]
      expect(Math.abs(one.clock.now() - two.clock.now())).toBeLessThan(1000)
    })
  })

  describe('opening', () => {
    const cloud = sharedCloud(maker)

    test.each(roles)('for %s gives a cloud that says so', async (role) => {
      expect((await cloud().open(role)).role).toBe(role)
    })

    test('is over with close, which may be repeated and leaves other openers alone', async () => {
      const [one, two] = [await cloud().open('agent'), await cloud().open('agent')]
      const pk = fresh()
      await one.ledger.write({ op: fresh(), puts: [{ pk, sk: 'a', ifRev: 0, body: {} }] })
      await one.close()
      await one.close()
      expect(await two.ledger.get(pk, 'a')).toBeDefined()
      expect(await (await cloud().open('agent')).ledger.get(pk, 'a')).toBeDefined()
    })
  })
}
