/** Whether a scenario comes to the same end, and is told in the same way, with a window of one and a wider one. */
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { z } from 'zod'
import type { Host, Task } from '../../../../runner/contract.ts'
import { runPlays } from '../../../../runner/engine/run.ts'
import type { RunEvent } from '../../../../runner/events.ts'
import { playbook } from '../../../../runner/playbook.ts'
import { block, decide, flushHandlers, meta, resultOf, type Step, type Steps } from '../../../../runner/steps.ts'
import { type Delay, keep, mirror, once, poke, value, World } from '../world.ts'
import { type Node, type Options, type Scenario, scenarios } from './scenario.ts'

/** What is compared: all that is told of each host, and what becomes of the machines. */
interface Told {
  readonly hosts: Readonly<Record<string, readonly unknown[]>>
  readonly machines: Readonly<Record<string, unknown>>
  readonly outcomes: Readonly<Record<string, string>>
}

/** Looks for a scenario in which the window shows. Rejects with the smallest that it finds. */
export async function windowCannotBeTold(cases: number, seed?: number): Promise<void> {
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    const [plain, wide] = [await tell(scenario, 1, scenario.delays[0]), await tell(scenario, scenario.window, scenario.delays[1])]
    if (!isDeepStrictEqual(plain, wide)) throw new Error(difference(plain, wide))
  })
  await fc.assert(property, {
    numRuns: cases,
    ...(seed === undefined ? {} : { seed }),
    endOnFailure: false,
    interruptAfterTimeLimit: 3_600_000,
    markInterruptAsFailure: false,
  })
}

async function tell(scenario: Scenario, window: number, seed: number): Promise<Told> {
  const world = new World(randomDelay(seed))
  const hosts = Array.from({ length: scenario.hosts }, (_, index): Host => {
    const machine = `m${scenario.machines[index % scenario.machines.length]}`
    const state = scenario.states[index % scenario.states.length] ?? {}
    if (!world.machines.has(machine)) world.machine(machine).state = new Map(Object.entries(state))
    return { name: `h${index}`, vars: { index }, machine, connection: { kind: 'local' } }
  })
  const events: RunEvent[] = []
  const { serial, maxFailPercentage, strategy, forceHandlers, mode, forks } = scenario
  const handlers = (): readonly Task[] =>
    scenario.handlers.map(({ key, value: to, notify }, index) =>
      placed(keep(`handler ${index}`, { key, value: to }, { notify: notify.map((other) => `handler ${other}`) }), `handler${index}`),
    )
  const play = playbook('play', {
    hosts: 'all',
    vars: z.any(),
    strategy,
    forceHandlers,
    handlers,
    ...(serial === undefined ? {} : { serial }),
    ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
    tasks: ({ host }) => build(scenario.steps, Number(host.vars['index']), scenario.hosts, { next: 0 }),
  })
  const summary = await runPlays({
    plays: [{ playbook: play, hosts }],
    connector: world,
    report: (event) => events.push(event),
    signal: new AbortController().signal,
    mode,
    forks,
    window,
    clock: { now: () => 0 },
    sleep: async () => undefined,
  })
  return {
    hosts: Object.fromEntries(
      hosts.map(({ name }) => [name, events.filter((event) => 'host' in event && event.host === name).map(plainly)]),
    ),
    machines: Object.fromEntries([...world.machines].map(([name, { state }]) => [name, Object.fromEntries([...state].sort())])),
    outcomes: Object.fromEntries(Object.entries(summary.hosts).map(([name, { outcome, lastTask }]) => [name, `${outcome} ${lastTask}`])),
  }
}

/** The steps of one host. Every step gets a place of its own, the same on all hosts. */
function build(nodes: readonly Node[], index: number, hosts: number, count: { next: number }): Steps {
  let before: Task | undefined
  return nodes.flatMap((node): readonly Step[] => {
    count.next += 1
    const where = `play:${count.next}`
    const inner = (some: readonly Node[]): Steps => build(some, index, hosts, count)
    const step = one(node, index, hosts, inner, before)
    before = step?.kind === 'task' ? step : undefined
    return step === undefined ? [] : [placed(step, where)]
  })
}

function one(
  node: Node,
  index: number,
  hosts: number,
  inner: (some: readonly Node[]) => Steps,
  before: Task | undefined,
): Step | undefined {
  switch (node.kind) {
    case 'keep':
      return keep(`keep ${node.key}`, { key: node.key, value: node.value }, options(node.options, index, hosts))
    case 'mirror':
      return mirror(`mirror ${node.from} ${node.to}`, { from: node.from, to: node.to }, options(node.options, index, hosts))
    case 'poke':
    case 'once':
      return (node.kind === 'poke' ? poke : once)(`${node.kind} ${node.key}`, { key: node.key }, options(node.options, index, hosts))
    case 'block': {
      const { notify: _, until: __, ...own } = options(node.options, index, hosts)
      return block('block', { tasks: inner(node.tasks), rescue: inner(node.rescue), always: inner(node.always) }, own)
    }
    case 'decide': {
      const [there, missing] = [inner(node.there), inner(node.missing)]
      return decide(`decide ${node.key}`, { it: value({ key: node.key }) }, ({ it }) => (it === 'x' ? there : missing))
    }
    case 'result': {
      const [changed, same] = [inner(node.changed), inner(node.same)]
      return before === undefined ? undefined : decide('result', { it: resultOf(before) }, ({ it }) => (it.changed ? changed : same))
    }
    case 'flush':
      return flushHandlers()
    case 'end':
      return meta('endHost', { when: node.when[index % node.when.length] ?? true })
  }
}

function options({ when, notify, until, user, delegateTo, ...rest }: Options, index: number, hosts: number) {
  return {
    ...rest,
    ...(when === undefined ? {} : { when: when[index % when.length] ?? true }),
    ...(notify === undefined ? {} : { notify: notify.map((number) => `handler ${number}`) }),
    ...(until === true ? { until: ({ changed }: { changed: boolean }) => !changed, retries: 2 } : {}),
    ...(user === true ? { become: { user: 'app' } } : {}),
    ...(delegateTo === undefined ? {} : { delegateTo: `h${delegateTo % hosts}` }),
  }
}

const placed = <S extends Step>(step: S, where: string): S => Object.assign(step, { where })

/** An event without times, places in files and numbers of round trips. */
function plainly(event: RunEvent): unknown {
  const { at: _, ...rest } = { roundTrips: 0, ms: 0, ...event }
  return JSON.parse(
    JSON.stringify({ ...rest, roundTrips: 0, ms: 0 }, (_key, part: unknown) =>
      part instanceof Error ? `${part.name}: ${part.message}` : part,
    ),
  )
}

/** Waits for a number of turns that chance names, none of them on the clock. */
function randomDelay(seed: number): Delay {
  let state = seed | 1
  const wait = async (): Promise<void> => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    for (let turns = (state >>> 24) % 9; turns > 0; turns -= 1) await undefined
  }
  return { there: wait, back: wait }
}

function difference(plain: Told, wide: Told): string {
  const lines = (told: Told): readonly string[] => [
    ...Object.entries(told.hosts).flatMap(([name, events]) => events.map((event) => `${name} ${JSON.stringify(event)}`)),
    ...Object.entries(told.machines).map(([name, state]) => `${name} ${JSON.stringify(state)}`),
    JSON.stringify(told.outcomes),
  ]
  const [left, right] = [lines(plain), lines(wide)]
  const at = left.findIndex((line, index) => line !== right[index])
  return `a window of one tells\n  ${left.slice(at, at + 3).join('\n  ')}\nand the wider one\n  ${right.slice(at, at + 3).join('\n  ')}`
}
