/**
 * The bastion's agent: holds the lease, wakes for doorbells or after a tick, and lets the reconciler look, decide and act.
 * What it knows is in the ledger; it may be killed at any moment and started again.
 */
import { randomUUID } from 'node:crypto'
import { type Cloud, isCloudError } from '../cloud/ports.ts'
import { committer, LeaseLost } from '../fleet/commit.ts'
import type { Observed } from '../fleet/decide.ts'
import { idle, swept } from '../fleet/idle.ts'
import { LaunchLimiter } from '../fleet/launch-limiter.ts'
import { acquireLease, type Lease } from '../fleet/lease.ts'
import { Reconciler } from '../fleet/reconciler.ts'
import type { Tools } from '../fleet/tools.ts'
import { Wake } from './wake.ts'

export interface AgentParts extends Pick<Tools, 'cloud' | 'sweeper' | 'hosts' | 'limits' | 'plan' | 'keys' | 'log'> {
  /** Whether intake has taken in all that lay there when this agent began; only then may `once` end. */
  intakeIdle(): boolean
}

export interface AgentOrders {
  /** End when nothing is left to do. */
  readonly once: boolean
  /** Aborted: launch nothing more, let keyed workers finish for `softMs`, end the rest, and return. */
  readonly stop: AbortSignal
}

/** After a look that failed. */
const errorPauseMs = 300
const leaseMs = 4_000
const renewMs = 1_000
/** After a stop: how long workers that hold a key may finish, and when to give up waiting for proof of the sweep. */
const softMs = 4_000
const hardMs = 8_500

/** `late`: told to stop, and not all workers were seen gone in time; they end by their own timers, or with the next agent. */
export type AgentEnd = 'quiescent' | 'stopped' | 'late'

/** Runs until told to stop or, with `once`, until quiescent. */
export async function runAgent(parts: AgentParts, orders: AgentOrders): Promise<AgentEnd> {
  const owner = `agent-${randomUUID()}`
  for (;;) {
    const lease = await takeLease(parts, owner, orders.stop)
    if (lease === undefined) return 'stopped'
    try {
      return await withLease(parts, orders, lease)
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error
      parts.log({ event: 'lease lost', message: 'another agent took over; this one waits for its turn' })
    } finally {
      await lease.release().catch(() => undefined) // it expires by itself
    }
  }
}

async function takeLease(parts: AgentParts, owner: string, stop: AbortSignal): Promise<Lease | undefined> {
  let told = false
  while (!stop.aborted) {
    const request = { name: 'agent', owner, ttlMs: leaseMs }
    const lease = await acquireLease(parts.cloud.ledger, parts.cloud.clock, request).catch((error: unknown) => {
      if (!isCloudError(error, 'Unavailable')) throw error
    })
    if (lease !== undefined) return lease
    if (!told) parts.log({ event: 'waiting', message: `another agent held the lease within the last ${leaseMs / 1000} s; waiting for it` })
    told = true
    await parts.cloud.clock.sleep(200, stop).catch(() => undefined)
  }
  return undefined
}

async function withLease(parts: AgentParts, orders: AgentOrders, lease: Lease): Promise<AgentEnd> {
  const { cloud, sweeper, hosts, limits, plan, keys, log } = parts
  const { clock } = cloud
  const wake = new Wake()
  const over = new AbortController()
  const limiter = new LaunchLimiter(clock, limits.launchBurst, limits.launchesPerSecond)
  const commit = committer(cloud.ledger, clock, lease, randomUUID)
  const reconciler = new Reconciler(
    { cloud, sweeper, hosts, limits, plan, keys, refused: new Map(), limiter, commit, signal: over.signal, log },
    wake.ring,
  )
  const beside = [answerDoorbells(cloud, wake, over.signal), renewLease(lease, cloud, over)]
  orders.stop.addEventListener('abort', wake.ring)
  try {
    let stoppedAt: number | undefined
    for (;;) {
      if (orders.stop.aborted) stoppedAt ??= clock.now()
      const intakeIdle = parts.intakeIdle()
      const seen = await look(parts, reconciler, stopping(stoppedAt, clock.now()))
      if (over.signal.aborted) throw over.signal.reason
      const late = stoppedAt !== undefined && clock.now() - stoppedAt > hardMs
      if (late) return 'late'
      if (seen === undefined) {
        await clock.sleep(errorPauseMs)
        continue
      }
      if (stoppedAt !== undefined && swept(seen) && !reconciler.busy) return 'stopped'
      if (orders.once && stoppedAt === undefined && intakeIdle && idle(seen) && !reconciler.busy) return 'quiescent'
      await wake.wait(clock, stoppedAt === undefined ? limits.tickMs : 200)
    }
  } finally {
    orders.stop.removeEventListener('abort', wake.ring)
    over.abort(new Error('the agent has ended'))
    await Promise.all([...beside, reconciler.settle()])
  }
}

/** One tick. What the cloud could not answer now it may answer soon: nothing is known, nothing is done, and the launch keys are not lost. */
async function look(parts: AgentParts, reconciler: Reconciler, stop: Observed['stopping']): Promise<Observed | undefined> {
  try {
    return await reconciler.tick(stop)
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    parts.log({ event: 'look failed', message: error instanceof Error ? error.message : String(error) })
    return undefined
  }
}

function stopping(stoppedAt: number | undefined, now: number): Observed['stopping'] {
  if (stoppedAt === undefined) return 'no'
  return now - stoppedAt < softMs ? 'soft' : 'hard'
}

/** Doorbells say only that something may have changed; they are done as soon as they rang. */
async function answerDoorbells(cloud: Cloud, wake: Wake, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const rung = await cloud.queue.receive('doorbell', { waitMs: 5_000, max: 10, visibilityMs: 10_000 }, signal)
      if (rung.length > 0) wake.ring()
      await Promise.all(rung.map((delivery) => delivery.done()))
    } catch {
      // The tick looks without doorbells too; a queue that fails only slows it.
      await cloud.clock.sleep(1_000, signal).catch(() => undefined)
    }
  }
}

async function renewLease(lease: Lease, cloud: Cloud, over: AbortController): Promise<void> {
  for (;;) {
    await cloud.clock.sleep(renewMs, over.signal).catch(() => undefined)
    if (over.signal.aborted) return
    const held = await lease.renew().catch(() => true) // unknown: the next round asks again, and writes are fenced anyway
    if (!held) over.abort(new LeaseLost('the lease could not be renewed'))
  }
}
