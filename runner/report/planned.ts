/** What a run in check mode foresees, host for host: the content of a plan. */
import type { Plain } from '../contract.ts'
import type { RunEvent } from '../events.ts'

/** One task on one host, or a decision that cannot be made yet. */
export interface Foreseen {
  readonly play: number
  readonly id: string
  /** `'keep the settings' (play.ts:3)` */
  readonly what: string
  /** `unknown`: only when it is done one knows what it does. */
  readonly does: 'nothing' | 'change' | 'unknown' | 'fail'
  readonly now: Plain
  readonly want: Plain
  /** Something before it on this host changes, or may change, what it finds. */
  readonly behind: boolean
}

/** How a host can be planned for: one that failed in its look cannot. */
export interface PlannedHost {
  readonly steps: readonly Foreseen[]
  readonly can: 'fine' | 'failed' | 'unreachable'
}

type Ended = Extract<RunEvent, { readonly type: 'ok' | 'skipped' | 'unknown' | 'failed' | 'unreachable' }>
type Seen = Extract<RunEvent, { readonly type: 'planned' }>

/** Listens to a run in check mode. */
export class Planned {
  readonly hosts = new Map<string, { steps: Foreseen[]; can: PlannedHost['can'] }>()
  #play = 0
  readonly #seen = new Map<string, Seen>()
  /** How many of a host's tasks the engine calls skipped that a plan calls unknown. */
  readonly #untold = new Map<string, number>()

  /** Takes an event, and returns it in the words of a plan: an action that would run, and nobody knows what it changes, is unknown. */
  hear(event: RunEvent): RunEvent {
    switch (event.type) {
      case 'playStarted':
        this.#play = event.index
        for (const name of event.hosts) this.#host(name)
        return event
      case 'taskStarted':
        this.#seen.delete(event.host)
        return event
      case 'planned':
        this.#seen.set(event.host, event)
        return event.noLog === true && event.changes ? { ...event, want: '***' } : event
      case 'ok':
      case 'skipped':
      case 'unknown':
      case 'failed':
      case 'unreachable':
        return this.#ended(event)
      case 'hostUnreachable':
        this.#host(event.host).can = 'unreachable'
        return event
      case 'summary':
        return this.#summary(event)
      default:
        return event
    }
  }

  #ended(event: Ended): RunEvent {
    const host = this.#host(event.host)
    const seen = this.#seen.get(event.host)
    const untold = event.type === 'skipped' && seen?.changes === true
    host.steps.push({
      play: this.#play,
      id: event.id,
      what: `'${event.task}' (${event.where})`,
      does: untold ? 'unknown' : does(event),
      now: seen?.now ?? null,
      want: seen?.want ?? null,
      behind: host.steps.some((step) => step.does === 'change' || step.does === 'unknown'),
    })
    if (!untold) return event
    this.#untold.set(event.host, (this.#untold.get(event.host) ?? 0) + 1)
    return { ...event, type: 'unknown' }
  }

  #summary(event: Extract<RunEvent, { readonly type: 'summary' }>): RunEvent {
    const hosts = Object.entries(event.hosts).map(([name, totals]) => {
      const host = this.#host(name)
      if (totals.failed > 0) host.can = 'failed'
      if (totals.unreachable > 0) host.can = 'unreachable'
      const untold = this.#untold.get(name) ?? 0
      return [name, { ...totals, skipped: totals.skipped - untold, unknown: totals.unknown + untold }] as const
    })
    return { ...event, hosts: Object.fromEntries(hosts) }
  }

  #host(name: string): { steps: Foreseen[]; can: PlannedHost['can'] } {
    const host = this.hosts.get(name) ?? { steps: [], can: 'fine' }
    this.hosts.set(name, host)
    return host
  }
}

function does(event: Ended): Foreseen['does'] {
  if (event.type === 'unknown') return 'unknown'
  if (event.type === 'failed' || event.type === 'unreachable') return 'fail'
  return event.type === 'ok' && event.changed ? 'change' : 'nothing'
}
