import { describe, expect, test } from 'vitest'
import type { Launch } from '../../cloud/ports.ts'
import { manifestKey } from '../../custody/names.ts'
import { nothingLostNothingTwiceNothingLeft, story } from './tale.ts'
import { RUN, sampleId, type VillageOptions } from './village.ts'

describe('a run', () => {
  test('goes from samples to results and leaves nothing behind', async () => {
    const found = await story({ samples: 7 })
    nothingLostNothingTwiceNothingLeft(found, 7)
    expect(found.state).toBe('COMPLETE')
    expect(found.samples.every(([, state]) => state === 'DONE')).toBe(true)
    expect(found.attempts).toEqual(Array.from({ length: 8 }, () => 1))
    expect(found.village.most).toBe(5)
    expect(found.manifests).toContain(manifestKey(RUN, 'table'))
    expect(found.notices).toEqual([`${RUN}/start`, `${RUN}/done`])
  })

  const victim = sampleId(1)
  const cases: readonly {
    readonly title: string
    readonly script: NonNullable<VillageOptions['script']>
    readonly state: string
    readonly victim: unknown[]
    readonly attempts: number
  }[] = [
    {
      title: 'a worker that dies is followed by another',
      script: (unit, attempt) => (unit === victim && attempt === 1 ? 'dies' : 'works'),
      state: 'COMPLETE',
      victim: [victim, 'DONE', null],
      attempts: 2,
    },
    {
      title: 'a worker whose nonce was too old asks again',
      script: (unit) => (unit === victim ? 'refused-once' : 'works'),
      state: 'COMPLETE',
      victim: [victim, 'DONE', null],
      attempts: 1,
    },
    {
      title: 'a silent worker is doomed and followed',
      script: (unit, attempt) => (unit === victim && attempt === 1 ? 'hangs' : 'works'),
      state: 'COMPLETE',
      victim: [victim, 'DONE', null],
      attempts: 2,
    },
    {
      title: 'a worker with a changed host key gets nothing and is followed',
      script: (unit, attempt) => (unit === victim && attempt === 1 ? 'wrong-host-key' : 'works'),
      state: 'COMPLETE',
      victim: [victim, 'DONE', null],
      attempts: 2,
    },
    {
      title: 'three dead workers fail their sample',
      script: (unit) => (unit === victim ? 'dies' : 'works'),
      state: 'COMPLETE_WITH_FAILURES',
      victim: [victim, 'FAILED', 'attempts'],
      attempts: 3,
    },
    {
      title: 'a worker that is configured without an end is too slow, and followed',
      script: (unit, attempt) => (unit === victim && attempt === 1 ? 'configures-for-ever' : 'works'),
      state: 'COMPLETE',
      victim: [victim, 'DONE', null],
      attempts: 2,
    },
    {
      title: 'what cannot be configured is tried three times',
      script: (unit) => (unit === victim ? 'cannot-configure' : 'works'),
      state: 'COMPLETE_WITH_FAILURES',
      victim: [victim, 'FAILED', 'attempts'],
      attempts: 3,
    },
    {
      title: 'a pipeline that fails fails its sample at once',
      script: (unit) => (unit === victim ? 'fails' : 'works'),
      state: 'COMPLETE_WITH_FAILURES',
      victim: [victim, 'FAILED', 'pipeline-crash'],
      attempts: 1,
    },
  ]
  test.each(cases)('$title', async ({ script, state, victim: expected, attempts }) => {
    const found = await story({ samples: 3, script })
    nothingLostNothingTwiceNothingLeft(found, 3)
    expect(found.state).toBe(state)
    expect(found.samples).toContainEqual(expected)
    expect(found.samples.filter(([unit]) => unit !== victim).every(([, sample]) => sample === 'DONE')).toBe(true)
    expect(found.record.jobs.find(({ value }) => value.unit === victim)?.value.attempt).toBe(attempts)
  })

  test.each([1, 2, 3, 4])('needs one attempt a sample however slow the ports are, seed %i', async (seed) => {
    const found = await story({ samples: 6, seed, latencyMs: 150 })
    nothingLostNothingTwiceNothingLeft(found, 6)
    expect(found.attempts).toEqual(Array.from({ length: 7 }, () => 1))
  })

  test('without a single result ends without consolidation', async () => {
    const found = await story({ samples: 2, script: () => 'fails' })
    nothingLostNothingTwiceNothingLeft(found, 2)
    expect(found.state).toBe('COMPLETE_WITH_FAILURES')
    expect(found.manifests).toEqual([])
  })

  test('converges with every doorbell and notification lost', async () => {
    const found = await story({ samples: 4 }, ({ world }) => {
      world.faults.queue = { lose: 1, double: 0 }
    })
    nothingLostNothingTwiceNothingLeft(found, 4)
    expect(found.state).toBe('COMPLETE')
  })

  test('walks on where there is no capacity, each time with a token of its own', async () => {
    const refused: string[] = []
    const found = await story({ samples: 1 }, ({ world }) => {
      world.faults.inject({
        when: 'before',
        port: 'compute',
        op: 'launch',
        error: 'InsufficientInstanceCapacity',
        times: 3,
        where: ({ args }) => refused.push((args[0] as Launch).token) > 0,
      })
    })
    nothingLostNothingTwiceNothingLeft(found, 1)
    expect(found.state).toBe('COMPLETE')
    expect(found.record.workers.some(({ value }) => value.walk > 0)).toBe(true)
    // Three places of a walk over two: the third is the first place again, and still another call.
    expect(new Set(refused).size).toBe(3)
    expect(refused).toHaveLength(3)
  })
})

describe('nothing is lost, doubled or left', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('with lost answers, doubled messages and latency, seed %i', async (seed) => {
    const found = await story({ samples: 3, seed, latencyMs: 20 }, ({ world }) => {
      world.faults.rates = { before: 0.02, after: 0.02 }
      world.faults.queue = { lose: 0.2, double: 0.2 }
    })
    nothingLostNothingTwiceNothingLeft(found, 3)
  })

  test('when the agent is killed after each of its effects in turn', async () => {
    const plain = await story({ samples: 2 })
    const effects = plain.village.world.calls.filter(
      ({ role, op }) => (role === 'agent' || role === 'sweeper') && !/^(get|head|list|query|describe|receive|lines|publicKey)$/.test(op),
    )
    expect(effects.length).toBeGreaterThan(60)
    const every = Number(process.env['SKEP_CRASH_EVERY'] ?? 7)
    for (const [index] of effects.entries()) {
      if (index % every !== 0) continue
      let count = -1
      const found = await story({ samples: 2 }, ({ world }) => {
        world.faults.inject({
          when: 'after',
          error: 'crash',
          where: ({ role, op }) => {
            if ((role !== 'agent' && role !== 'sweeper') || /^(get|head|list|query|describe|receive|lines|publicKey)$/.test(op))
              return false
            count += 1
            return count === index
          },
        })
      })
      nothingLostNothingTwiceNothingLeft(found, 2)
      expect(found.state, `killed after effect ${index}`).toBe('COMPLETE')
    }
  }, 120_000)
})
