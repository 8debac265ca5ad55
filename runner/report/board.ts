import type { Counts, RunEvent } from '../events.ts'
import { diffLines, outcomeLine, recap } from './words.ts'
import { printable } from './writer.ts'

/** How many lines of each kind a live picture has at most: with all of them it still fits a small terminal. */
const most = { problems: 6, changed: 4, now: 6 }
/** Up to so many hosts each gets a line of its own at the end; beyond, those where nothing changed are told as a number. */
const named = 12

interface Place {
  /** The task it is at; undefined between tasks. */
  now?: string | undefined
  readonly changed: string[]
  readonly diff: string[]
  problem?: string | undefined
  counts?: Counts
}

/** How a play stands, for a terminal: failures and changes first, all other hosts folded into numbers. Events in, lines out. */
export class Board {
  readonly #title: string
  readonly #places = new Map<string, Place>()
  readonly #diff: boolean

  constructor(title: string, hosts: readonly string[], diff: boolean) {
    this.#title = printable(title)
    this.#diff = diff
    for (const host of hosts) this.#places.set(host, { changed: [], diff: [] })
  }

  see(event: RunEvent): void {
    const place = 'host' in event ? this.#places.get(event.host) : undefined
    if (place === undefined) return
    if (event.type === 'hostStarted') place.now = 'logging in'
    if (event.type === 'taskStarted') place.now = printable(event.task)
    if (event.type === 'retrying') place.now = `${printable(event.task)} (try ${event.attempt + 1} of ${event.retries + 1})`
    if (event.type === 'planned' && this.#diff)
      place.diff.push(...diffLines(event.now, event.want).map((line) => `${printable(event.task)}  ${line}`))
    if (event.type === 'ok' && event.changed) place.changed.push(printable(event.task))
    if (event.type === 'rescued') place.problem = undefined
    if (isProblem(event)) place.problem = outcomeLine(event)
    if (event.type === 'hostUnreachable') place.now = undefined
    if (event.type === 'hostEnded') {
      place.counts = event.counts
      place.now = undefined
    }
  }

  /** The picture while it runs. */
  live(): readonly string[] {
    const places = [...this.#places]
    const changed = places.filter(([, place]) => place.problem === undefined && place.changed.length > 0)
    return [
      this.#heading(),
      ...some(this.#problems(), most.problems, 'more failed'),
      ...some(
        changed.map(([host, place]) => `${'changed'.padEnd(11)} ${printable(host)}: ${place.changed.join(', ')}`),
        most.changed,
        'more hosts changed',
      ),
      ...some(
        places.flatMap(([host, { now }]) => (now === undefined ? [] : [`${'now'.padEnd(11)} ${printable(host)}: ${now}`])),
        most.now,
        'more at work',
      ),
    ]
  }

  /** The picture that stays. */
  final(): readonly string[] {
    const ended = [...this.#places].flatMap(([host, place]) => (place.counts === undefined ? [] : [{ host, place, counts: place.counts }]))
    const quiet = ended.filter(({ place, counts }) => place.problem === undefined && counts.changed === 0 && counts.unknown === 0)
    const told = this.#places.size > named ? ended.filter((one) => !quiet.includes(one)) : ended
    const never = this.#places.size - ended.length
    return [
      this.#heading(),
      ...this.#problems(),
      ...told.flatMap(({ host, place, counts }) => [recap(host, counts), ...place.diff.map((line) => `  ${line}`)]),
      ...(told.length < ended.length ? [`${quiet.length} hosts are as they should be: nothing changed`] : []),
      ...(never > 0 ? [`${never} hosts were not begun`] : []),
    ]
  }

  get failed(): boolean {
    return [...this.#places.values()].some(({ problem }) => problem !== undefined)
  }

  #problems(): readonly string[] {
    return [...this.#places.values()].flatMap(({ problem }) => problem ?? [])
  }

  #heading(): string {
    const places = [...this.#places.values()]
    const count = (which: (place: Place) => boolean): number => places.filter(which).length
    const parts = [`${count(({ counts }) => counts !== undefined)} of ${places.length} hosts done`]
    const changed = count((place) => place.changed.length > 0)
    const failed = count(({ problem }) => problem !== undefined)
    if (changed > 0) parts.push(`${changed} changed`)
    if (failed > 0) parts.push(`${failed} failed`)
    return `${this.#title}: ${parts.join(', ')}`
  }
}

const isProblem = (event: RunEvent): boolean =>
  event.type === 'hostUnreachable' || ((event.type === 'failed' || event.type === 'unreachable') && !event.ignored)

function some(lines: readonly string[], limit: number, rest: string): readonly string[] {
  return lines.length <= limit ? lines : [...lines.slice(0, limit - 1), `… and ${lines.length - limit + 1} ${rest}`]
}
