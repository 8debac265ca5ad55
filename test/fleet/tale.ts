/** A run from submit to quiescence, and what must hold of it however it went. */
import { expect } from 'vitest'
import { RUN, Village, type VillageOptions } from './village.ts'

export type Told = Awaited<ReturnType<typeof story>>

/** Runs a village to its end and returns what a person would ask of it. */
export async function story(options: VillageOptions, before?: (village: Village) => void) {
  const village = new Village(options)
  before?.(village)
  await village.submit()
  await village.runToQuiescence()
  const record = await village.record()
  return { village, record, ...(await summary(village, record)) }
}

export async function summary(village: Village, record: Awaited<ReturnType<Village['record']>>) {
  const objects = async (bucket: 'input' | 'output' | 'ancillary') => (await village.world.objects.list(bucket, '')).map(({ key }) => key)
  const output = await objects('output')
  return {
    state: record.run.value.state,
    quiescent: record.run.value.quiescent,
    samples: record.jobs.filter(({ value }) => value.kind === 'sample').map(({ value }) => [value.unit, value.state, value.class]),
    attempts: record.jobs.map(({ value }) => value.attempt),
    alive: [...village.world.compute.machines.values()].filter(({ state }) => state !== 'terminated').length,
    sweeps: new Set(record.workers.map(({ value }) => value.sweep)),
    input: await objects('input'),
    relay: await objects('ancillary'),
    manifests: output.filter((key) => key.endsWith('/result.json')),
    attemptsLeft: output.filter((key) => key.includes('/attempt-')).length,
    notices: village.world.notices.published.map(({ id }) => id),
  }
}

/** What must hold of every story, however it went. */
export function nothingLostNothingTwiceNothingLeft(found: Told, samples: number) {
  expect(found.village.problems).toEqual([])
  expect(found.quiescent).toBe(true)
  expect(found.alive).toBe(0)
  expect([...found.sweeps].filter((sweep) => sweep !== 'GONE')).toEqual([])
  expect(found.input).toEqual([])
  expect(found.relay).toEqual([])
  expect(found.samples).toHaveLength(samples)
  expect(new Set(found.notices)).toEqual(new Set([`${RUN}/start`, `${RUN}/done`]))
  expect(found.attemptsLeft).toBe(found.manifests.length)
  expect(found.village.most).toBeLessThanOrEqual(found.village.limits.workers)
}
