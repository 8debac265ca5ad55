import type { RunEvent } from '../events.ts'
import type { Reporter } from './reporter.ts'
import { printable, type Write } from './writer.ts'

/** How many tasks and hosts are listed. */
const most = 10

interface Spent {
  readonly name: string
  look: number
  apply: number
  connect: number
  hosts: number
}

/**
 * Where the time went, when a run has ended: the slowest tasks, the slowest hosts, and how much of it was logging in, looking and
 * applying. Milliseconds added up over hosts, which work at the same time: they are more than the clock showed. Looks that were
 * taken ahead cost their task nothing more than the wait that was left.
 */
export function profileReporter(write: Write): Reporter {
  const tasks = new Map<string, Spent>()
  const hosts = new Map<string, Spent>()
  const since = new Map<string, { began: number; planned?: number }>()
  const report = (event: RunEvent): void => {
    if (event.type === 'hostConnected') spentOf(hosts, event.host, event.host).connect += event.ms
    if (event.type === 'taskStarted') since.set(event.host, { began: event.at })
    const at = 'host' in event ? since.get(event.host) : undefined
    if (at === undefined) return
    if (event.type === 'planned') at.planned = event.at
    if (!isEnd(event)) return
    const planned = at.planned ?? event.at
    const task = spentOf(tasks, event.id, `${event.task} (${event.where})`)
    task.hosts += 1
    for (const spent of [task, spentOf(hosts, event.host, event.host)]) {
      spent.look += planned - at.began
      spent.apply += event.at - planned
    }
    since.delete(event.host)
  }
  return {
    report,
    end: async () => {
      const all = [...hosts.values()]
      const sum = (part: 'connect' | 'look' | 'apply'): number => all.reduce((total, spent) => total + spent[part], 0)
      const lines = [
        `\ntime over all hosts: ${inSeconds(sum('connect'))} logging in, ${inSeconds(sum('look'))} looking, ${inSeconds(sum('apply'))} applying`,
        ...table('slowest tasks', [...tasks.values()]),
        ...table('slowest hosts', all),
      ]
      write(`${lines.join('\n')}\n`)
    },
  }
}

type Ending = Extract<RunEvent, { type: 'ok' | 'skipped' | 'unknown' | 'failed' | 'unreachable' }>

const isEnd = (event: RunEvent): event is Ending => ['ok', 'skipped', 'unknown', 'failed', 'unreachable'].includes(event.type)

function spentOf(all: Map<string, Spent>, key: string, name: string): Spent {
  const spent = all.get(key) ?? { name, look: 0, apply: 0, connect: 0, hosts: 0 }
  all.set(key, spent)
  return spent
}

const total = ({ look, apply, connect }: Spent): number => look + apply + connect

function table(title: string, all: readonly Spent[]): readonly string[] {
  const slowest = all.toSorted((a, b) => total(b) - total(a)).slice(0, most)
  return [
    `${title}:`,
    ...slowest.map(
      (spent) =>
        `  ${inSeconds(total(spent)).padStart(9)}  ${printable(spent.name)}${spent.hosts > 1 ? `, ${spent.hosts} hosts` : ''}: ${inSeconds(spent.look)} looking, ${inSeconds(spent.apply)} applying`,
    ),
  ]
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
