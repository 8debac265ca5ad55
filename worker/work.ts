/** What a worker does, from the shut door to the published result: one job, one attempt, one go. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { End, FailureClass } from '../custody/messages.ts'
import { type Heart, startHeart } from './beat.ts'
import type { WorkerConfig } from './config.ts'
import { doorShut } from './door.ts'
import { SampleFailure } from './failure.ts'
import { layOut, readPackets } from './inputs.ts'
import { askForKeys } from './keys.ts'
import { runPipeline } from './pipeline.ts'
import type { WorkerCloud } from './ports.ts'
import { openRelay, type Relay } from './relay.ts'
import { publish, upload } from './results.ts'

/** What the program finds out for itself. */
export interface Place {
  /** Made and removed by the worker: the only place where plain data lie. */
  readonly scratch: string
  /** Environment variables that the pipeline inherits. */
  readonly marks: Readonly<Record<string, string>>
}

/** Resolves with what it told the agent as its last word. Rejects, having told nothing, when another attempt may do better. */
export async function work(config: WorkerConfig, cloud: WorkerCloud, place: Place): Promise<End> {
  const relay = openRelay(cloud, config.signed.ticket.job, config.attempt)
  await rm(place.scratch, { recursive: true, force: true })
  const heart = startHeart(relay, cloud.clock, config.beatMs)
  try {
    await doorShut(config, cloud.clock)
    const failure = await failureOf(attempt(config, cloud, place, relay, heart))
    const end: End = failure === undefined ? { outcome: 'published' } : { outcome: 'failed', class: failure }
    await heart.stop()
    await relay.write('end', end)
    await relay.ring()
    return end
  } finally {
    await heart.stop()
    // The machine's end removes the disk in any case; a pipeline may have shut a directory against us.
    await rm(place.scratch, { recursive: true, force: true }).catch(() => undefined)
  }
}

async function attempt(config: WorkerConfig, cloud: WorkerCloud, { scratch, marks }: Place, relay: Relay, heart: Heart): Promise<void> {
  const { signed, pipeline, reference } = config
  const pkesks = await readPackets(cloud, signed.ticket)
  const released = await askForKeys(config, cloud, relay, pkesks)
  heart.stage('running')
  const [input, output] = [join(scratch, 'input'), join(scratch, 'output')]
  for (const directory of [input, output]) await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    await layOut(cloud, signed.ticket, released, input, config.maxInputBytes)
  } finally {
    released.forget()
  }
  await runPipeline({ executable: pipeline, reference, scratch, timeoutMs: config.pipelineTimeoutMs, marks })
  await publish(config, cloud, released, await upload(config, cloud, released, output))
}

async function failureOf(done: Promise<void>): Promise<FailureClass | undefined> {
  try {
    await done
    return undefined
  } catch (error) {
    if (error instanceof SampleFailure) return error.failure
    throw error
  }
}
