import { describe, expect, test } from 'vitest'
import { parseAuditLine } from '../../custody/audit.ts'
import { ledgerHeads, verifyAudit } from '../../custody/audit-verify.ts'
import { manifestKey, sampleKey, sealKey } from '../../custody/names.ts'
import { localLimits } from '../../fleet/limits.ts'
import { nothingLostNothingTwiceNothingLeft, story, summary } from './tale.ts'
import { RUN, type Script, sampleId, Village } from './village.ts'

const victim = sampleId(1)
const forVictim = (first: Script, then: Script = first) => ({
  samples: 3,
  script: (unit: string, attempt: number): Script => (unit !== victim ? 'works' : attempt === 1 ? first : then),
})
const victimOf = ({ samples }: { samples: readonly unknown[][] }) => samples.find(([unit]) => unit === victim)
const audited = async ({ world }: Village, ev: string) =>
  (await world.trail.lines()).map((line) => parseAuditLine(line)?.record).filter((record) => record?.ev === ev)

describe('a result', () => {
  test('whose manifest does not hold fails its sample and harms neither the others nor the table', async () => {
    const found = await story(forVictim('bad-manifest'))
    nothingLostNothingTwiceNothingLeft(found, 3)
    expect(victimOf(found)).toEqual([victim, 'FAILED', 'refused'])
    expect(found.manifests).not.toContain(manifestKey(RUN, victim))
    expect(found.manifests).toContain(manifestKey(RUN, 'table'))
  })

  test('of a failed sample is gone before the run is consolidated', async () => {
    const there: boolean[] = []
    await story(forVictim('bad-manifest'), (village) => {
      village.world.compute.onLaunch = ((launched) => (machine) => {
        launched?.(machine)
        if (machine.request.tags['kind'] !== 'consolidate') return
        const manifests = village.world.objects.list('output', manifestKey(RUN, victim))
        void manifests.then((heads) => there.push(heads.length > 0))
      })(village.world.compute.onLaunch)
    })
    expect(there).toEqual([false])
  })

  test('that is published counts, whatever the attempt under way says', async () => {
    const found = await story(forVictim('fails-but-published'))
    nothingLostNothingTwiceNothingLeft(found, 3)
    expect(victimOf(found)).toEqual([victim, 'DONE', null])
  })
})

describe('the audit chain', () => {
  test('tells of each failed sample with its class, and holds', async () => {
    const { village } = await story(forVictim('fails'))
    expect(await audited(village, 'job.failed')).toMatchObject([{ unit: victim, class: 'pipeline-crash', attempt: 1 }])
    const { signer } = village.world.open('agent')
    const verdict = await verifyAudit({ trail: village.world.trail, signer }, await ledgerHeads(village.world.ledger))
    expect(verdict).toMatchObject({ ok: true, problems: [] })
  })

  test('tells of the end of a run without a single result, too', async () => {
    const { village } = await story({ samples: 2, script: () => 'fails' })
    expect(await audited(village, 'run.complete')).toMatchObject([{ state: 'COMPLETE_WITH_FAILURES', samples: 0, failed: 2 }])
  })
})

describe('what stays as it is is not asked for without a pause', () => {
  test('a machine that takes minutes to shut down', async () => {
    const found = await story(forVictim('cannot-configure', 'works'), ({ world }) => {
      world.compute.terminateMs = 120_000
    })
    nothingLostNothingTwiceNothingLeft(found, 3)
    const looks = found.village.world.calls.filter(({ op }) => op === 'terminate').length
    expect(looks).toBeLessThan(2 * 150)
  })

  test.each(['garbage-request', 'no-challenge'] as const)('%s: another attempt is made in time', async (script) => {
    const found = await story(forVictim(script, 'works'))
    nothingLostNothingTwiceNothingLeft(found, 3)
    expect(victimOf(found)).toEqual([victim, 'DONE', null])
    expect(found.village.asked).toBeLessThan(100)
    expect(found.village.world.calls.filter(({ role, op }) => role === 'agent' && op === 'describe').length).toBeLessThan(1_000)
  })

  test('a worker that has its key and says nothing is doomed as silent', async () => {
    const found = await story(forVictim('hangs-with-key', 'works'))
    nothingLostNothingTwiceNothingLeft(found, 3)
    expect(found.record.workers.filter(({ value }) => value.unit === victim).map(({ value }) => value.why)).toEqual(['silent', 'job-done'])
  })

  test('the pipeline has less time than the job, and a worker lives longer than all of its stages', () => {
    const { pipelineMs, jobMs, launchMs, configureMs, keyMs, lifetimeMs, beatMs, silentMs } = localLimits
    expect(pipelineMs).toBeLessThan(jobMs * 0.9)
    expect(launchMs + configureMs + keyMs + jobMs).toBeLessThan(lifetimeMs)
    expect(beatMs * 5).toBeLessThan(silentMs)
  })
})

describe('a stop', () => {
  /** Lets the agent work for a while, tells it to stop, and looks when it has. */
  async function stopped(script: Script, afterMs: number) {
    const village = new Village({ samples: 12, script: () => script })
    const { clock, compute } = village.world
    await village.submit()
    const agent = village.agent()
    await clock.advance(afterMs)
    const begun = clock.now()
    const launchedBefore = compute.machines.size
    agent.stop()
    expect(await clock.until(agent.done, 60_000)).toBe('stopped')
    const record = await village.record()
    return {
      village,
      ms: clock.now() - begun,
      alive: [...compute.machines.values()].filter(({ state }) => state !== 'terminated').length,
      launched: compute.machines.size,
      launchedBefore,
      states: new Set(record.jobs.map(({ value }) => value.state)),
      faults: record.jobs.map(({ value }) => value.faults),
    }
  }

  test.each<[Script, number]>([
    ['works', 0],
    ['works', 1_500],
    ['works', 3_000],
    ['works', 4_000],
    ['works', 5_000],
    ['hangs', 6_000],
    ['hangs-with-key', 6_000],
    ['configures-for-ever', 4_000],
    ['key-host-hangs', 5_000],
  ])('%s, stopped after %i ms: every worker is swept within ten seconds, and the next agent goes on', async (script, afterMs) => {
    const { village, ms, alive, launched, states, faults } = await stopped(script, afterMs)
    expect(alive).toBe(0)
    expect(ms).toBeLessThan(8_500)
    expect(launched).toBeLessThanOrEqual(12)
    expect([...states].filter((state) => !['QUEUED', 'RECEIVED', 'DONE'].includes(state))).toEqual([])
    expect(new Set(faults)).toEqual(new Set([0]))
    if (script !== 'works') return
    await village.runToQuiescence()
    const record = await village.record()
    const told = { village, record, ...(await summary(village, record)) }
    nothingLostNothingTwiceNothingLeft(told, 12)
    expect(told.state).toBe('COMPLETE')
  })

  test('launches nothing more, and a worker that has its key may finish', async () => {
    const { states, launched, launchedBefore } = await stopped('works', 3_500)
    expect(launched).toBe(launchedBefore)
    expect([...states].toSorted()).toEqual(['DONE', 'QUEUED'])
  })
})

describe('two agents at once', () => {
  test.each([1, 2, 3])('do each thing once; when one is killed the other goes on, seed %i', async (seed) => {
    const village = new Village({ samples: 4, seed, latencyMs: 20 })
    const { world } = village
    await village.submit()
    const [first, second] = [village.agent(), village.agent()]
    first.done.catch(() => undefined)
    await world.clock.advance(3_000 + 500 * seed)
    for (const cloud of [first.cloud, first.sweeper]) cloud.kill()
    expect(await world.clock.until(second.done, 600_000)).toBe('quiescent')
    const record = await village.record()
    const found = { village, record, ...(await summary(village, record)) }
    nothingLostNothingTwiceNothingLeft(found, 4)
    expect(found.state).toBe('COMPLETE')
  })

  test('the one that lost its lease while it was paused changes nothing when it wakes', async () => {
    const village = new Village({ samples: 4, latencyMs: 5 })
    const { world } = village
    await village.submit()
    const paused = village.agent()
    await world.clock.advance(3_000)
    // Cut off from the ledger for longer than its lease lasts.
    const cut = world.faults.inject({
      when: 'before',
      port: 'ledger',
      times: Number.POSITIVE_INFINITY,
      where: ({ role }) => role === 'agent',
    })
    await world.clock.advance(6_000)
    cut()
    const other = village.agent()
    expect(await world.clock.until(Promise.all([paused.done, other.done]), 600_000)).toEqual(['quiescent', 'quiescent'])
    const record = await village.record()
    const found = { village, record, ...(await summary(village, record)) }
    nothingLostNothingTwiceNothingLeft(found, 4)
    expect(found.state).toBe('COMPLETE')
  })
})

describe('an agent that is told to end when nothing is left to do', () => {
  test('does not wait for samples that a seal counts and nobody puts', async () => {
    const village = new Village({ samples: 2 })
    const owner = village.world.open('owner')
    await village.submit(RUN, false)
    await owner.objects.put('input', sealKey(RUN, 3), new Uint8Array())
    expect(await village.world.clock.until(village.agent().done, 120_000)).toBe('quiescent')
    expect((await village.record()).run.value).toMatchObject({ state: 'SEALED', received: 2 })
    await owner.objects.put('input', sampleKey(RUN, sampleId(2)), Buffer.from('the third'))
    await village.runToQuiescence()
    expect((await village.record()).run.value).toMatchObject({ state: 'COMPLETE', quiescent: true })
  })

  test('sweeps what came after its run was quiescent', async () => {
    const { village } = await story({ samples: 2 })
    const owner = village.world.open('owner')
    for (const key of [sampleKey(RUN, sampleId(0)), sampleKey(RUN, sampleId(9)), sealKey(RUN, 2)])
      await owner.objects.put('input', key, key.endsWith('.seal') ? new Uint8Array() : Buffer.from('late'))
    await village.again().runToQuiescence()
    expect(await village.world.objects.list('input', '')).toEqual([])
    expect((await village.record()).run.value).toMatchObject({ state: 'COMPLETE', quiescent: true, received: 2 })
  })
})
