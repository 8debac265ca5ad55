/** Every way in which a demo is killed here, and how it is then brought to its end. */

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { layout } from '../../cloud/local/layout.ts'
import { type ProcessId, signalTo } from '../../cloud/local/processes.ts'
import type { Random } from '../sim/random.ts'
import { type Demo, type Ended, startDemo } from './demo.ts'
import { effects } from './effects.ts'
import { ended, type Part, waitForPart } from './processes.ts'

/** What a case is given. */
export interface Scene {
  /** Not there yet. */
  readonly dir: string
  /** A file outside of it, not there yet. */
  readonly mark: string
  /** Of the run that the case begins. */
  readonly flags: readonly string[]
  readonly random: Random
  /** Of a run that nobody kills, on this machine now. */
  readonly usualSeconds: number
}

export interface Told {
  readonly ended: Ended
  /** What was done, in words. */
  readonly how: string
}

export interface Case {
  readonly name: string
  readonly kind: 'effect' | 'moment' | 'alone'
  /** Throws when what it kills was not to be had. */
  play(scene: Scene): Promise<Told>
}

const PATIENCE_MS = 90_000

/** Run again without a word, as the guide says; only who was killed before it began anything has to be told once more. */
const again = ({ dir, flags }: Scene): Demo => startDemo(dir, existsSync(join(layout(dir).owner, 'demo.json')) ? [] : flags)
const finish = (scene: Scene): Promise<Ended> => again(scene).ended

/** The whole group, right after a named effect. */
const afterEffect = (key: string): Case => ({
  name: key,
  kind: 'effect',
  async play(scene) {
    const { dir, mark, flags, random } = scene
    const effect = effects[key]
    if (effect === undefined) throw new Error(`no effect is called ${key}`)
    const times = 1 + random.below(effect.most)
    const first = await startDemo(dir, flags, { effect: key, times, mark }).ended
    if (first.how !== 'SIGKILL' || !existsSync(mark))
      throw new Error(`expected to be killed when ${effect.name} (${times}), but it ended with ${first.how}: ${first.stderr.slice(-400)}`)
    return { ended: await finish(scene), how: `killed after ${seconds(first.seconds)}, when ${effect.name} (${times} of ${effect.most})` }
  },
})

const MOMENTS = 10

/** The whole group, at any moment of one tenth of the run's time. */
const atMoment = (number: number): Case => ({
  name: `moment-${number}`,
  kind: 'moment',
  async play(scene) {
    const { dir, flags, random, usualSeconds } = scene
    // A run that was quicker than usual is begun anew, and killed sooner.
    for (let moment = ((number - random.next()) / MOMENTS) * usualSeconds * 1000; moment > 1; moment *= 0.75) {
      const whole = await killAt(startDemo(dir, flags), moment)
      if (whole === undefined) return { ended: await finish(scene), how: `killed after ${seconds(moment / 1000)}` }
      rmSync(dir, { recursive: true })
    }
    throw new Error('it was always over before it could be killed')
  },
})

/** Again and again, at any moment, until one comes through. */
const manyTimes: Case = {
  name: 'six-times',
  kind: 'moment',
  async play(scene) {
    const { dir, flags, random, usualSeconds } = scene
    const moments: string[] = []
    const how = () => `killed after ${moments.join(', then ')}`
    for (let time = 0; time < 6; time += 1) {
      const moment = (0.1 + random.next() * 0.4) * usualSeconds * 1000
      const whole = await killAt(time === 0 ? startDemo(dir, flags) : again(scene), moment)
      if (whole !== undefined) return { ended: whole, how: how() }
      moments.push(seconds(moment / 1000))
    }
    return { ended: await finish(scene), how: how() }
  },
}

/** How it ended, if it did so before it could be killed. */
async function killAt(demo: Demo, moment: number): Promise<Ended | undefined> {
  await Promise.race([after(moment, undefined, { ref: false }), demo.ended])
  const killed = demo.killGroup()
  const end = await demo.ended
  return killed ? undefined : end
}

/** One process of a part, once, while one of another part is there; the demo finishes by itself. */
const alone = (name: string, part: Part, during: Part, waitMs: (random: Random) => number): Case => ({
  name,
  kind: 'alone',
  play: ({ dir, flags, random }) =>
    besides(startDemo(dir, flags), async () => {
      await waitForPart(dir, during, PATIENCE_MS)
      await after(waitMs(random))
      const victim = await killPart(dir, part)
      return `killed ${part} ${victim.pid} ${part === during ? 'as it worked' : `while a ${during} was there`}`
    }),
})

/** The agent, five times in one demo; the next one has to wait for the lease of the one before, so each is left a while. */
const agentFiveTimes: Case = {
  name: 'agent-five-times',
  kind: 'alone',
  play({ dir, flags, random }) {
    const demo = startDemo(dir, flags)
    return besides(demo, async () => {
      const pids: number[] = []
      while (pids.length < 5) {
        const pause = after(2000 + random.below(4000), 'time is over', { ref: false })
        if ((await Promise.race([pause, demo.ended])) !== 'time is over') break
        pids.push((await killPart(dir, 'agent')).pid)
      }
      if (pids.length < 2) throw new Error('it was over before its agent could be killed twice')
      return `killed agents ${pids.join(', ')}`
    })
  },
}

async function killPart(dir: string, part: Part): Promise<ProcessId> {
  const victim = await waitForPart(dir, part, PATIENCE_MS)
  if (signalTo(victim, 'SIGKILL')) return victim
  throw new Error(`the ${part} ended before it could be killed`)
}

/** Does something to a demo that runs, and lets it finish. */
async function besides(demo: Demo, act: () => Promise<string>): Promise<Told> {
  try {
    const how = await act()
    return { ended: await demo.ended, how }
  } finally {
    demo.killGroup()
    await demo.ended
  }
}

/** The demo alone: its agent goes on. `wait`: until the agent has ended; else the next demo meets it at work. */
const demoAlone = (wait: boolean): Case => ({
  name: wait ? 'demo-alone' : 'demo-alone-at-once',
  kind: 'alone',
  async play(scene) {
    const { dir, flags, random, usualSeconds } = scene
    const demo = startDemo(dir, flags)
    const agent = await waitForPart(dir, 'agent', PATIENCE_MS)
    await demo.line('"state":"locked"')
    await after(random.next() * usualSeconds * 450)
    if (!signalTo(demo.id, 'SIGKILL')) throw new Error('the demo ended before it could be killed')
    await demo.ended
    const quiet = wait ? await ended(agent, PATIENCE_MS) : true
    if (!quiet) throw new Error(`the agent ${agent.pid} did not end by itself`)
    return { ended: await finish(scene), how: `killed demo ${demo.id.pid}, ${wait ? 'its agent finished' : 'its agent was met at work'}` }
  },
})

const seconds = (value: number): string => `${value.toFixed(1)} s`
const atOnce = () => 0
const within = (ms: number) => (random: Random) => random.below(ms)

/** In the order in which they are played. */
export const cases: readonly Case[] = [
  ...Object.keys(effects).map(afterEffect),
  ...Array.from({ length: MOMENTS }, (_, index) => atMoment(index + 1)),
  manyTimes,
  alone('agent-alone', 'agent', 'machine', within(4000)),
  alone('agent-asking', 'agent', 'key host', atOnce),
  agentFiveTimes,
  alone('door-alone', 'door', 'key host', atOnce),
  alone('key-host-alone', 'key host', 'key host', within(150)),
  alone('intake-alone', 'intake', 'intake', within(800)),
  alone('machine-alone', 'machine', 'pipeline', atOnce),
  alone('machine-asking', 'machine', 'key host', atOnce),
  alone('job-alone', 'job', 'pipeline', atOnce),
  demoAlone(true),
  demoAlone(false),
]
