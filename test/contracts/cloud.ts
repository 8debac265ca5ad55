/**
 * What every implementation of the ports must do, told by suites that know ports only. An implementation is handed over as a
 * CloudMaker; `testCloud` runs all suites over it. The comments in `cloud/ports.ts` are the promises that are tested.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Cloud, CloudError, type Instance, type Launch, type Role } from '../../cloud/ports.ts'
import { testClock } from './cloud-clock.ts'
import { testCompute } from './cloud-compute.ts'
import { testCustody } from './cloud-custody.ts'
import { testKeys } from './cloud-keys.ts'
import { testLedger } from './cloud-ledger.ts'
import { testObjects } from './cloud-objects.ts'
import { testQueue } from './cloud-queue.ts'
import { testRights } from './cloud-rights.ts'

/** One environment of its own, with the few handles on it that the ports do not give. */
export interface CloudUnderTest {
  open(role: Role, options?: { readonly instance?: string }): Promise<Cloud>
  /** Settles as the promise does, while time passes. */
  wait<T>(promise: Promise<T>): Promise<T>
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  /** What a launch needs here besides token and tags. */
  readonly launchable: Omit<Launch, 'token' | 'tags'>
  /** Resolves when the instance runs and has its host key. */
  booted(instance: string): Promise<void>
  /** Ends the machine from inside, or as a power cut would. */
  die(instance: string): Promise<void>
  /** Notices that people got, repeats included. */
  published(): Promise<readonly { readonly id: string; readonly subject: string; readonly text: string }[]>
  dispose(): Promise<void>
}

export interface CloudMaker {
  readonly name: string
  make(): Promise<CloudUnderTest>
}

/** Every promise of every port. */
export function testCloud(maker: CloudMaker): void {
  describe(`the ports of ${maker.name}`, () => {
    for (const suite of [testClock, testLedger, testQueue, testObjects, testCustody, testKeys, testCompute, testRights]) suite(maker)
  })
}

/** One environment for all tests of a `describe`. */
export function sharedCloud(maker: CloudMaker): () => CloudUnderTest {
  const state: { made?: CloudUnderTest } = {}
  beforeAll(async () => {
    state.made = await maker.make()
  })
  afterAll(async () => {
    await state.made?.dispose()
  })
  return () => {
    if (state.made === undefined) throw new Error(`${maker.name} was not made`)
    return state.made
  }
}

/** A name that no other test uses. */
export const fresh = (): string => randomUUID()

/** Control, format and separator characters: what a hostile name would do to a terminal or a log. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** How a call ends: `done`, the code of its CloudError, or what else it threw. Its message must be fit to print. */
export async function outcome(call: Promise<unknown> | (() => Promise<unknown>)): Promise<string> {
  try {
    await (typeof call === 'function' ? call() : call)
    return 'done'
  } catch (error) {
    if (!(error instanceof CloudError)) return `not a CloudError: ${String(error)}`
    if (error.message === '') return `${error.code} without a message`
    return unprintable.test(error.message)
      ? `${error.code} with a message that may not be printed: ${JSON.stringify(error.message)}`
      : error.code
  }
}

/** All of a body. */
export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}

/** Starts a worker's machine and waits until it runs. */
export async function launchWorker(cloud: CloudUnderTest, tags: Readonly<Record<string, string>>): Promise<Instance> {
  const agent = await cloud.open('agent')
  const instance = await agent.compute.launch({ ...cloud.launchable, token: fresh(), tags })
  await cloud.booted(instance.id)
  await agent.close()
  return instance
}

/** Whether something comes true within a while. */
export async function cameTrue(cloud: CloudUnderTest, what: () => Promise<boolean>): Promise<boolean> {
  for (let round = 0; round < 150; round++) {
    if (await what()) return true
    await cloud.pass(100)
  }
  return false
}

/** The tags of a worker for one sample. */
export const sampleTags = (
  given: { readonly job?: string; readonly run?: string; readonly unit?: string } = {},
): Record<string, string> => {
  const { job = fresh().replaceAll('-', '').padEnd(40, '0'), run = fresh(), unit = fresh() } = given
  return { job, run, unit, attempt: '1', worker: fresh(), kind: 'sample', object: `incoming/${run}/${unit}.pgp` }
}
