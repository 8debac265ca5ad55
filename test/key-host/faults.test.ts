import { describe, expect, test } from 'vitest'
import { ask, opened, prepared, records, released, type Scene, sample, scene, worker } from './scene.ts'

const unit = '22222222-2222-4222-8222-222222222222'

describe('whatever is lost on the way', () => {
  test('the same request ends in the one answer: every call of the key host fails or loses its answer in turn', async () => {
    const calls = await callsOfOneRelease()
    expect(calls).toBeGreaterThan(12)
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; n <= calls; n++) {
        const at = await scene()
        const who = await worker(at, await sample(at, unit))
        const request = await prepared(at, who)
        const start = at.world.calls.length
        at.world.faults.inject({ when, where: ({ seq }) => seq === start + n })
        await ask(at, request)
        const got = released(await ask(at, request))
        await opened(who, got, request)
        expect(await ask(at, request), `${when} ${n}`).toEqual(got)
        expect(await records(at, 'key.release'), `${when} ${n}`).toHaveLength(1)
      }
    }
  }, 60_000)

  test('a key host killed after any of its calls is replaced by one that gives the one answer', async () => {
    const calls = await callsOfOneRelease()
    for (let n = 1; n <= calls; n++) {
      const at = await scene()
      const who = await worker(at, await sample(at, unit))
      const request = await prepared(at, who)
      const start = at.world.calls.length
      at.world.faults.inject({ when: 'after', error: 'crash', where: ({ seq }) => seq === start + n })
      await ask(at, request)
      const next: Scene = { ...at, host: at.world.open('keyHost') }
      await opened(who, released(await ask(next, request)), request)
      expect(await records(at, 'key.release'), String(n)).toHaveLength(1)
    }
  }, 60_000)
})

test('two attempts that are decided at the same time do not both get the key', async () => {
  const at = await scene()
  const signed = await sample(at, unit)
  const [first, second] = [await worker(at, signed, 1), await worker(at, signed, 2)]
  const requests = [await prepared(at, first), await prepared(at, second)]
  const said = await Promise.all(requests.map((request) => ask(at, request)))
  expect(said.filter((one) => typeof one === 'object' && one !== null && 'body' in one)).toHaveLength(1)
})

async function callsOfOneRelease(): Promise<number> {
  const at = await scene()
  const request = await prepared(at, await worker(at, await sample(at, unit)))
  const start = at.world.calls.length
  released(await ask(at, request))
  return at.world.calls.length - start
}
