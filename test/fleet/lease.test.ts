import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Clock, isCloudError, type Json, type LedgerWrite } from '../../cloud/ports.ts'
import { acquireLease, type Lease } from '../../fleet/lease.ts'
import { type SimWorld, simWorld } from '../sim/cloud.ts'

const name = 'agent'
const ttlMs = 10_000
const epochIs = (epoch: number) => ({ pk: 'leases', sk: name, equals: { epoch } })

/** A world and what one agent does in it. */
function given(options: { seed?: number; skewMs?: number } = {}) {
  const world = simWorld({ seed: options.seed ?? 1 })
  let ops = 0
  const acquire = (owner: string, skewMs = 0): Promise<Lease | undefined> => {
    const { ledger, clock } = world.open('agent', { skewMs })
    return world.clock.until(acquireLease(ledger, clock, { name, owner, ttlMs, newOp: () => `op-${++ops}` }))
  }
  const fenced = async (lease: Lease, sk: string): Promise<boolean> => {
    const row = await world.ledger.get('work', sk)
    const put = { pk: 'work', sk, ifRev: row?.rev ?? 0, body: { epoch: lease.epoch } }
    return (await world.open('agent').ledger.write({ op: `work-${++ops}`, puts: [put], checks: [lease.check] })).applied
  }
  return { world, acquire, fenced }
}

/** The lease, which must have been given. */
function held(lease: Lease | undefined): Lease {
  if (lease === undefined) throw new Error('expected to get the lease')
  return lease
}

describe('a lease', () => {
  test('is held by one at a time, and its epoch grows with each new holder', async () => {
    const { world, acquire } = given()
    const first = held(await acquire('a'))
    expect(first.epoch).toBe(1)
    expect(first.check).toEqual(epochIs(1))
    expect(await acquire('b')).toBeUndefined()
    await world.clock.advance(ttlMs + 1)
    expect(held(await acquire('b')).epoch).toBe(2)
    expect(await acquire('a')).toBeUndefined()
  })

  test('goes to exactly one of many who come at the same moment', async () => {
    const { world } = given()
    const all = await world.clock.until(
      Promise.all(
        Array.from({ length: 8 }, (_, i) => {
          const { ledger, clock } = world.open('agent')
          return acquireLease(ledger, clock, { name, owner: `agent-${i}`, ttlMs })
        }),
      ),
    )
    expect(all.filter((lease) => lease !== undefined)).toHaveLength(1)
  })

  test('lasts as long as it is renewed', async () => {
    const { world, acquire } = given()
    const lease = held(await acquire('a'))
    for (let round = 0; round < 5; round++) {
      await world.clock.advance(ttlMs * 0.8)
      expect(await lease.renew()).toBe(true)
      expect(lease.expiresAt).toBe(world.clock.now() + ttlMs)
      expect(await acquire('b')).toBeUndefined()
    }
  })

  test('is free at once after its release, which also ends what the holder still has under way', async () => {
    const { acquire, fenced } = given()
    const first = held(await acquire('a'))
    expect(await fenced(first, 'x')).toBe(true)
    await first.release()
    expect(await fenced(first, 'x')).toBe(false)
    expect(await first.renew()).toBe(false)
    const second = held(await acquire('b'))
    expect(second.epoch).toBeGreaterThan(first.epoch)
    await first.release()
    expect(await fenced(second, 'x')).toBe(true)
  })

  test('refuses the fenced write of a stale holder, who also learns that it is lost', async () => {
    const { world, acquire, fenced } = given()
    const stale = held(await acquire('a'))
    await world.clock.advance(ttlMs + 1)
    expect(await fenced(stale, 'x')).toBe(true) // expired, but nobody took it: still the only holder
    const fresh = held(await acquire('b'))
    expect(await fenced(stale, 'x')).toBe(false)
    expect(await fenced(fresh, 'x')).toBe(true)
    expect(await stale.renew()).toBe(false)
    await stale.release()
    expect(await fenced(fresh, 'x')).toBe(true)
    expect(await fresh.renew()).toBe(true)
  })

  test('is taken over at once by the same owner, whose earlier self is fenced off', async () => {
    const { acquire, fenced } = given()
    const before = held(await acquire('a'))
    const after = held(await acquire('a'))
    expect(after.epoch).toBe(2)
    expect(await fenced(before, 'x')).toBe(false)
    expect(await fenced(after, 'x')).toBe(true)
  })

  test('two renewals at once do not take the holder for another', async () => {
    const { world, acquire } = given()
    const lease = held(await acquire('a'))
    expect(await world.clock.until(Promise.all([lease.renew(), lease.renew(), lease.renew()]))).toEqual([true, true, true])
  })

  test.each(['before', 'after'] as const)('recognises its own write when the ledger fails %s the effect', async (when) => {
    const { world, acquire } = given()
    world.faults.inject({ when, port: 'ledger', op: 'write', times: 3 })
    const lease = held(await acquire('a'))
    expect(lease.epoch).toBe(1)
    world.faults.inject({ when, port: 'ledger', op: 'write', times: 3 })
    expect(await world.clock.until(lease.renew())).toBe(true)
    expect(await world.clock.until(lease.renew())).toBe(true)
  })

  test('a renewal whose answer stayed unknown is an error, and the next renewal finds its way', async () => {
    const { world, acquire } = given()
    const lease = held(await acquire('a'))
    world.faults.inject({ when: 'after', port: 'ledger', op: 'write', times: 6 })
    await expect(world.clock.until(lease.renew())).rejects.toMatchObject({ code: 'Unavailable' })
    expect(await world.clock.until(lease.renew())).toBe(true)
  })

  test('written under a clock far ahead binds nobody', async () => {
    const { acquire } = given()
    held(await acquire('a', 86_400_000))
    expect(held(await acquire('b')).epoch).toBe(2)
  })

  test('says what is wrong with a row that is not a lease', async () => {
    const { world, acquire } = given()
    await world.ledger.write({ op: 'odd', puts: [{ pk: 'leases', sk: name, ifRev: 0, body: { epoch: 'one' } }] })
    await expect(acquire('a')).rejects.toThrow('expected { owner, epoch, until }')
  })
})

type Act = { readonly do: 'acquire' | 'write' | 'renew' | 'release' } | { readonly do: 'pause' | 'jump'; readonly ms: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('acquire', 'renew', 'release') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 3 * ttlMs }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -5 * ttlMs, max: 5 * ttlMs }) }) },
)

const story = fc.record({
  seed: fc.nat(),
  faults: fc.record({ before: fc.double({ min: 0, max: 0.3, noNaN: true }), after: fc.double({ min: 0, max: 0.3, noNaN: true }) }),
  agents: fc.array(fc.array(act, { minLength: 1, maxLength: 15 }), { minLength: 2, maxLength: 4 }),
})

/** Tells, in the order of the ledger, each fenced write that was accepted though its writer no longer held the lease. */
function watch(world: SimWorld): { readonly stale: string[]; accepted: number } {
  const seen = { stale: [] as string[], accepted: 0 }
  const done = new Set<string>()
  let now: Json = null
  const write = world.ledger.write.bind(world.ledger)
  world.ledger.write = async (request) => {
    const answer = await write(request)
    if (!answer.applied || done.has(request.op)) return answer
    done.add(request.op)
    for (const { pk, body } of request.puts) {
      const said = [body?.['owner'] ?? null, body?.['epoch'] ?? null]
      if (pk === 'leases') now = said
      else {
        seen.accepted++
        if (!isDeepStrictEqual(said, now)) seen.stale.push(`${request.op} of ${String(said)} while the lease was ${String(now)}'s`)
      }
    }
    return answer
  }
  return seen
}

async function play({ seed, faults, agents }: { seed: number; faults: { before: number; after: number }; agents: Act[][] }, fence = true) {
  const world = simWorld({ seed, latencyMs: 3000 })
  world.faults.rates = faults
  const seen = watch(world)
  let ops = 0

  const live = async (script: readonly Act[], index: number) => {
    const { ledger, clock: steady } = world.open('agent')
    let skew = 0
    const clock: Clock = { now: () => steady.now() + skew, sleep: (ms, signal) => steady.sleep(ms, signal) }
    let lease: Lease | undefined
    const work = async (mine: Lease) => {
      const row = await ledger.get('work', 'shared')
      const put = { pk: 'work', sk: 'shared', ifRev: row?.rev ?? 0, body: { epoch: mine.epoch, owner: `agent-${index}` } }
      const write: LedgerWrite = { op: `op-${++ops}`, puts: [put], ...(fence ? { checks: [mine.check] } : {}) }
      await ledger.write(write)
    }
    for (const step of script) {
      try {
        if (step.do === 'pause') await clock.sleep(step.ms)
        else if (step.do === 'jump') skew += step.ms
        else if (step.do === 'acquire') {
          lease = (await acquireLease(ledger, clock, { name, owner: `agent-${index}`, ttlMs, newOp: () => `op-${++ops}` })) ?? lease
        } else if (lease !== undefined && step.do === 'write') await work(lease)
        else if (lease !== undefined && step.do === 'renew') await lease.renew()
        else await lease?.release()
      } catch (error) {
        if (!isCloudError(error, 'Unavailable')) throw error
      }
    }
  }
  await world.clock.until(Promise.all(agents.map(live)))
  return seen
}

describe('whatever the interleaving, with lost answers and jumping clocks', () => {
  test('no fenced write of an earlier holder is accepted after a later one came', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(story, async (tale) => {
        const seen = await play(tale)
        accepted += seen.accepted
        expect(seen.stale).toEqual([])
      }),
      { numRuns: 300 },
    )
    expect(accepted).toBeGreaterThan(50)
  }, 60_000)

  test('the same stories without the fence are caught, so the watch can see', async () => {
    const result = await fc.check(
      fc.asyncProperty(story, async (tale) => {
        expect((await play(tale, false)).stale).toEqual([])
      }),
      { numRuns: 300, seed: 1 },
    )
    expect(result.failed).toBe(true)
  }, 60_000)
})
