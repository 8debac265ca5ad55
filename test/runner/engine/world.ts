/** Machines whose whole state is a map, connections to them, and modules that keep it: for tests of the engine. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { As, Command, Connection, Connector, Host, Output, Task, TaskOptions } from '../../../runner/contract.ts'
import { defineAction, defineModule } from '../../../runner/define.ts'
import { type RunOptions, runPlays, type Summary } from '../../../runner/engine/run.ts'
import { ConnectionLost, RemoteError, Unreachable } from '../../../runner/errors.ts'
import type { RunEvent } from '../../../runner/events.ts'
import { type Playbook, playbook } from '../../../runner/playbook.ts'
import { sh } from '../../../runner/sh.ts'
import { defineLook, type Steps } from '../../../runner/steps.ts'

export interface Machine {
  readonly state: Map<string, string>
  /** What was asked, in the order in which the machine did it. */
  readonly log: string[]
}

/** What a connection does before a request reaches the machine, and before the answer is back. */
export interface Delay {
  there(): Promise<void>
  back(): Promise<void>
}

const none: Delay = { there: async () => undefined, back: async () => undefined }
/** The whole way at once: a second timer a request would be the test, not the engine. */
export const latency = (ms: number): Delay => ({ there: () => sleep(ms), back: async () => undefined })

/** Connections as ours are: requests are sent without waiting, done in order, and answered in order. */
export class World implements Connector {
  readonly machines = new Map<string, Machine>()
  readonly connects: string[] = []
  /** Hosts that do not answer. */
  readonly down = new Set<string>()
  closed = 0
  readonly #delay: Delay

  constructor(delay: Delay = none, states: Readonly<Record<string, Readonly<Record<string, string>>>> = {}) {
    this.#delay = delay
    for (const [name, state] of Object.entries(states)) this.machine(name).state = new Map(Object.entries(state))
  }

  machine(name: string): { state: Map<string, string>; log: string[] } {
    const made = this.machines.get(name) ?? { state: new Map(), log: [] }
    this.machines.set(name, made)
    return made
  }

  async connect({ name, machine = name }: Host, signal: AbortSignal): Promise<Connection> {
    this.connects.push(name)
    await this.#delay.there()
    await this.#delay.back()
    signal.throwIfAborted()
    if (this.down.has(name)) throw new Unreachable(`${name} is down`)
    return this.#connection(name, machine)
  }

  #connection(name: string, machine: string, as?: As): Connection {
    let sent: Promise<unknown> = Promise.resolve()
    let answered: Promise<unknown> = Promise.resolve()
    // A clock as Lamport's: a request knows of all answers that came before it was sent.
    let [known, longest] = [0, 0]
    let lost = false
    const ask = ({ text }: Command): Promise<Output> => {
      const depth = known + 1
      longest = Math.max(longest, depth)
      const before = sent
      const arrived = Promise.all([before.catch(() => undefined), this.#delay.there()]).then(() => {
        if (lost) throw new ConnectionLost(name, text, false, 'it was closed')
        return this.#execute(name, machine, text, as)
      })
      sent = arrived
      const earlier = answered
      const back = arrived
        .then(
          (output) => ({ output }),
          (error: unknown) => ({ error }),
        )
        .then(async (result) => {
          await Promise.all([earlier, this.#delay.back()])
          known = Math.max(known, depth)
          if ('error' in result) throw result.error
          return result.output
        })
      answered = back.catch(() => undefined)
      return back
    }
    return {
      probe: ask,
      run: async (command) => {
        const output = await ask(command)
        if (output.code !== 0) throw new RemoteError(name, command.text, output)
        return output
      },
      read: async (path) => (await ask(sh`get ${path}`)).bytes,
      write: async (path, content) => void (await ask(sh`set ${path} ${String(content)}`)),
      as: async (user) => this.#connection(name, machine, user),
      roundTrips: () => longest,
      close: async () => {
        lost = true
        this.closed += 1
      },
    }
  }

  async #execute(name: string, machine: string, text: string, as: As | undefined): Promise<Output> {
    const { state, log } = this.machine(machine)
    const [verb = '', key = '', value = ''] = text.split(' ')
    log.push(as === undefined ? text : `${as.user}: ${text}`)
    if (state.get(key) === 'gone' || this.down.has(name)) throw new ConnectionLost(name, text, false, 'cut')
    if (verb === 'get') {
      if (state.get(key) === 'unreadable') throw new Error(`cannot look at ${key}`)
      return answer(state.get(key) ?? '')
    }
    if (verb === 'set' && value === 'slow') await sleep(60)
    if (verb === 'set' && value === 'bad') return { ...answer(''), code: 1, stderr: `cannot set ${key}` }
    if (verb === 'set') state.set(key, value)
    if (verb === 'poke') state.set(key, String(Number(state.get(key) ?? 0) + 1))
    return answer(state.get(key) ?? '')
  }
}

const answer = (stdout: string): Output => ({ code: 0, stdout, stderr: '', bytes: Buffer.from(stdout) })

/** Keeps a key at a value; the value `bad` cannot be set. */
export const keep = defineModule({
  name: 'keep',
  params: z.strictObject({ key: z.string(), value: z.string() }),
  check: async ({ key }, host) => ({ value: (await host.probe(sh`get ${key}`)).stdout }),
  want: ({ value }) => ({ value }),
  apply: async ({ params: { key, value } }, host) => ({ was: (await host.run(sh`set ${key} ${value}`)).stdout }),
})

/** Keeps a key the same as another, which must be there. */
export const mirror = defineModule({
  name: 'mirror',
  params: z.strictObject({ from: z.string(), to: z.string() }),
  check: async ({ from, to }, host) => {
    const [source, now] = await Promise.all([host.probe(sh`get ${from}`), host.probe(sh`get ${to}`)])
    if (source.stdout === '') throw new Error(`${from} is not there`)
    return { source: source.stdout, value: now.stdout }
  },
  want: (_, { source }) => ({ source, value: source }),
  apply: async ({ params: { to }, want }, host) => void (await host.run(sh`set ${to} ${want.value}`)),
})

/** Counts up: an action that always acts. */
export const poke = defineAction({
  name: 'poke',
  params: z.strictObject({ key: z.string() }),
  run: async ({ key }, host) => ({ count: Number((await host.run(sh`poke ${key}`)).stdout) }),
})

/** Counts up unless the key is there: an action that foresees. */
export const once = defineAction({
  name: 'once',
  params: z.strictObject({ key: z.string() }),
  foresee: async ({ key }, host) => ({ will: (await host.probe(sh`get ${key}`)).stdout === '' ? 'change' : 'stay' }),
  run: async ({ key }, host) => void (await host.run(sh`poke ${key}`)),
})

export const value = defineLook({
  name: 'value',
  params: z.strictObject({ key: z.string() }),
  look: async ({ key }, host) => (await host.probe(sh`get ${key}`)).stdout,
})

export const set = (key: string, options: TaskOptions = {}, to = 'on'): Task => keep(`keep ${key}`, { key, value: to }, options)

/** A host that is a machine of its own. */
export const host = (name: string, rest: Partial<Host> = {}): Host => ({
  name,
  vars: {},
  machine: name,
  connection: { kind: 'local' },
  ...rest,
})
export const hosts = (count: number): readonly Host[] => Array.from({ length: count }, (_, index) => host(`h${index + 1}`))

type Parts = Partial<Omit<Playbook<z.ZodType>, 'title' | 'where' | 'tasks' | 'vars'>>
type Twice = 'hosts' | 'forks' | 'tags' | 'facts' | 'become' | 'forceHandlers'
export interface Going extends Partial<Omit<RunOptions, 'plays' | 'connector'>>, Omit<Parts, Twice> {
  /** Parts of the play that the run has too. */
  readonly play?: Pick<Parts, Exclude<Twice, 'hosts'>>
  readonly tasks: Steps | ((host: string) => Steps)
  readonly hosts?: readonly Host[]
  readonly world?: World
  /** Where events go instead of `events`. */
  readonly tell?: (event: RunEvent) => void
}

export interface Gone {
  readonly summary: Summary
  readonly events: readonly RunEvent[]
  readonly world: World
  /** `h1 ok keep a`: every end of a task, in the order of the events. */
  readonly ends: readonly string[]
  /** What a machine was told to do, looks left out. */
  did(machine?: string): readonly string[]
}

const runOptions = [
  'report',
  'signal',
  'mode',
  'forks',
  'inventory',
  'tags',
  'startAt',
  'become',
  'becomePassword',
  'guard',
  'resume',
  'facts',
  'window',
  'sleep',
  'graceMs',
  'vars',
]

/** Runs one play whose parts are given together with the options of the run. */
export async function go({ tasks, hosts = [host('h1')], world = new World(), play: more = {}, tell, ...rest }: Going): Promise<Gone> {
  const events: RunEvent[] = []
  const own = Object.fromEntries(Object.entries(rest).filter(([key]) => runOptions.includes(key)))
  const parts = Object.fromEntries(Object.entries(rest).filter(([key]) => !runOptions.includes(key))) as Parts
  const play = playbook('the play', {
    hosts: 'all',
    vars: z.any(),
    ...parts,
    ...more,
    tasks: (given) => (typeof tasks === 'function' ? tasks(given.host.name) : tasks),
  })
  const summary = await runPlays({
    plays: [{ playbook: play, hosts }],
    connector: world,
    report: tell ?? ((event) => events.push(event)),
    signal: new AbortController().signal,
    mode: 'apply',
    forks: 5,
    sleep: async () => undefined,
    ...own,
  })
  const ends = events.flatMap((event) =>
    'task' in event && /^(ok|skipped|unknown|failed|unreachable)$/.test(event.type)
      ? [`${event.host} ${event.type === 'ok' && event.changed ? 'changed' : event.type} ${event.task}`]
      : [],
  )
  const did = (machine = 'h1'): readonly string[] => world.machine(machine).log.filter((text) => !/(^|: )get /.test(text))
  return { summary, events, world, ends, did }
}
