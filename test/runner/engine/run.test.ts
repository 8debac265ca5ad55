import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Connection, Connector, Host, Reader, Task, TaskOptions } from '../../../runner/contract.ts'
import { defineAction, defineModule } from '../../../runner/define.ts'
import { type RunOptions, runPlaybook } from '../../../runner/engine/run.ts'
import { ConnectionLost, HostKeyMismatch, OutcomeUnknown, Unreachable, UsageError } from '../../../runner/errors.ts'
import type { RunEvent } from '../../../runner/events.ts'
import { playbook } from '../../../runner/playbook.ts'
import { Secret } from '../../../runner/secret.ts'
import { sh } from '../../../runner/sh.ts'
import { recorder } from '../../modules/test-module.ts'

/** A machine whose whole state is a map; a probe of `get K` reads it, a run of `set K V` writes it. */
function machine(state = new Map<string, string>()): Connection & { log: string[]; state: Map<string, string>; closed: number } {
  const log: string[] = []
  const { connection } = recorder()
  const answer = (stdout: string) => ({ code: 0, stdout, stderr: '', bytes: Buffer.from(stdout) })
  return {
    ...connection,
    log,
    state,
    closed: 0,
    probe: async ({ text }) => {
      log.push(text)
      const [, key = ''] = text.split(' ')
      if (key === 'gone') throw new ConnectionLost('h', text, false, 'cut')
      if (key === 'broken') throw new Error('cannot look')
      return answer(state.get(key) ?? '')
    },
    run: async ({ text }) => {
      log.push(text)
      const [, key = '', value = ''] = text.split(' ')
      if (value === 'bad') throw new Error('cannot set')
      if (value === 'lost') throw new ConnectionLost('h', text, true, 'cut')
      if (value === 'slow') await sleep(100)
      state.set(key, value)
      return answer('')
    },
    async close() {
      this.closed += 1
    },
  }
}

const keep = defineModule({
  name: 'keep',
  params: z.strictObject({ key: z.string(), value: z.string() }),
  check: async ({ key }, host) => ({ value: (await host.probe(sh`get ${key}`)).stdout }),
  want: ({ value }) => ({ value }),
  apply: async ({ params: { key, value } }, host) => void (await host.run(sh`set ${key} ${value}`)),
})
const poke = defineAction({
  name: 'poke',
  params: z.strictObject({
    key: z.string(),
    will: z.enum(['stay', 'change', 'run']).default('change'),
    unknown: z.boolean().default(false),
  }),
  foresee: async ({ will }) => ({ will, msg: `will ${will}` }),
  run: async ({ key, unknown }, host) => {
    await host.run(sh`poke ${key}`)
    if (unknown) throw new OutcomeUnknown('who knows')
  },
})

const set = (key: string, options: TaskOptions = {}, value = 'on'): Task => keep(`keep ${key}`, { key, value }, options)

const host = (name: string, vars: Host['vars'] = {}): Host => ({ name, vars, machine: name, connection: { kind: 'local' } })

interface Run extends Partial<{ hosts: readonly Host[] }>, Partial<Omit<RunOptions, 'plays' | 'connector'>> {
  readonly tasks: readonly Task[] | ((given: { host: Host; vars: unknown }) => readonly Task[])
  readonly schema?: z.ZodType
  readonly connector?: Connector
}

async function run({ tasks, schema = z.any(), ...options }: Run) {
  const machines = new Map<string, ReturnType<typeof machine>>()
  const events: RunEvent[] = []
  const connector: Connector = {
    connect: async ({ name }) => {
      const made = machines.get(name) ?? machine()
      machines.set(name, made)
      return made
    },
  }
  const summary = await runPlaybook({
    playbook: playbook('p', { hosts: 'all', vars: schema, tasks: typeof tasks === 'function' ? tasks : () => tasks }),
    hosts: [host('h')],
    connector,
    report: (event) => events.push(event),
    signal: new AbortController().signal,
    mode: 'apply',
    forks: 1,
    window: 1,
    ...options,
  })
  const of = (name = 'h') => machines.get(name) ?? machine()
  const told = events.flatMap((event) => ('task' in event ? [`${event.type} ${event.task}`] : []))
  return { summary, events, told, machines, of }
}

test('tasks run in order; changed is what differed; applied again nothing changes', async () => {
  const machines = machine()
  const connector = { connect: async () => machines }
  const first = await run({ tasks: [set('a'), set('b')], connector })
  expect(first.summary.hosts['h']).toMatchObject({ ok: 2, changed: 2, failed: 0, outcome: 'fine' })
  expect(machines.log).toEqual(['get a', 'set a on', 'get b', 'set b on'])
  const second = await run({ tasks: [set('a'), set('b')], connector })
  expect(second.summary.hosts['h']).toMatchObject({ ok: 2, changed: 0 })
  expect(machines.closed).toBe(2)
})

test('each task begins with taskStarted and ends once, and all events carry host, task and time', async () => {
  const { events, told } = await run({ tasks: [set('a'), set('b', { when: false })], clock: { now: () => 42 } })
  expect(told).toEqual(['taskStarted keep a', 'planned keep a', 'applied keep a', 'ok keep a', 'taskStarted keep b', 'skipped keep b'])
  expect(events.map(({ type }) => type).filter((type) => !/ask|planned|applied|ok|skipped/.test(type))).toEqual([
    'playStarted',
    'hostStarted',
    'hostConnected',
    'hostEnded',
    'playEnded',
    'summary',
  ])
  expect(events.every(({ at }) => at === 42)).toBe(true)
})

test('check mode changes nothing and foresees changes', async () => {
  const { summary, of } = await run({
    tasks: [set('a'), poke('p', { key: 'x' }), poke('q', { key: 'x', will: 'run' }), poke('r', { key: 'x', will: 'stay' })],
    mode: 'check',
  })
  expect(of().log).toEqual(['get a'])
  expect(summary.hosts['h']).toMatchObject({ ok: 3, changed: 2, skipped: 1 })
})

test('in check mode a look that fails after a foreseen change is unknown, before one it is a failure', async () => {
  const after = await run({ tasks: [set('a'), set('broken'), set('b')], mode: 'check' })
  expect(after.summary.hosts['h']).toMatchObject({ ok: 2, unknown: 1, failed: 0, outcome: 'fine' })
  const before = await run({ tasks: [set('broken'), set('a')], mode: 'check' })
  expect(before.summary.hosts['h']).toMatchObject({ ok: 0, failed: 1, outcome: 'failed' })
  const applied = await run({ tasks: [set('a'), set('broken')] })
  expect(applied.summary.hosts['h']).toMatchObject({ failed: 1 })
})

test('a Reader is read-only at run time too', async () => {
  let seen: Reader | undefined
  const spy = defineModule({
    name: 'spy',
    params: z.object({}),
    check: async (_, reader) => {
      seen = reader
      return 1
    },
    want: (_, now) => now,
    apply: async () => undefined,
  })
  await run({ tasks: [spy('s', {})] })
  expect(Object.keys(seen ?? {}).sort()).toEqual(['probe', 'read'])
  expect(Object.isFrozen(seen)).toBe(true)
})

describe('handlers', () => {
  const made: string[] = []
  const handler = (key: string, options: TaskOptions = {}): Task => {
    made.push(key)
    return poke(`handle ${key}`, { key }, options)
  }
  const handled = (log: readonly string[]): string[] => log.filter((text) => text.startsWith('poke')).map((text) => text.slice(5))

  test('run after the tasks, in the order they were defined, each once (beh:E1)', async () => {
    const [first, second] = [handler('first'), handler('second')]
    const { of } = await run({ tasks: [set('a', { notify: second }), set('b', { notify: [first, second] }), set('c')] })
    expect(of().log.slice(-2)).toEqual(['poke first', 'poke second'])
    expect(handled(of().log)).toEqual(['first', 'second'])
  })

  test('do not run when nothing changed', async () => {
    const connector = { connect: async () => machine(new Map([['a', 'on']])) }
    const { told } = await run({ tasks: [set('a', { notify: handler('x') })], connector })
    expect(told).not.toContain('ok handle x')
  })

  test('may wake an earlier handler, but nobody twice (beh:E1)', async () => {
    const early = handler('early')
    const late = handler('late', { notify: early })
    const { of } = await run({ tasks: [set('a', { notify: late })] })
    expect(handled(of().log)).toEqual(['late', 'early'])
    const again = await run({ tasks: [set('a', { notify: [early, late] })] })
    expect(handled(again.of().log)).toEqual(['early', 'late'])
  })

  test('of a failed host are left out (beh:E2)', async () => {
    const { of, summary } = await run({ tasks: [set('a', { notify: handler('x') }), set('b', {}, 'bad')] })
    expect(handled(of().log)).toEqual([])
    expect(summary.hosts['h']?.lastTask).toBe('keep b')
  })

  test('are foreseen in check mode', async () => {
    const { summary } = await run({ tasks: [set('a', { notify: handler('x') })], mode: 'check' })
    expect(summary.hosts['h']).toMatchObject({ ok: 2, changed: 2 })
  })
})

describe('when something goes wrong', () => {
  test('a failed host stops, the others go on', async () => {
    const { summary, of } = await run({
      hosts: [host('a', { value: 'bad' }), host('b', { value: 'on' })],
      schema: z.object({ value: z.string() }),
      tasks: ({ vars }) => [set('x', {}, (vars as { value: string }).value), set('y')],
    })
    expect(summary.hosts['a']).toMatchObject({ ok: 0, failed: 1, outcome: 'failed', lastTask: 'keep x', error: new Error('cannot set') })
    expect(summary.hosts['b']).toMatchObject({ ok: 2, outcome: 'fine' })
    expect(of('a').log).not.toContain('get y')
    expect([of('a').closed, of('b').closed]).toEqual([1, 1])
  })

  test('ignoreErrors lets the host go on', async () => {
    const { summary, events } = await run({ tasks: [set('x', { ignoreErrors: true }, 'bad'), set('y')] })
    expect(summary.hosts['h']).toMatchObject({ ok: 2, failed: 0, ignored: 1, outcome: 'fine' })
    expect(events.find(({ type }) => type === 'failed')).toMatchObject({ ignored: true })
  })

  test('unreachable is not failed, and not ignored either', async () => {
    const { summary } = await run({ tasks: [set('gone', { ignoreErrors: true }), set('y')] })
    expect(summary.hosts['h']).toMatchObject({ failed: 0, unreachable: 1, outcome: 'unreachable', lastTask: 'keep gone' })
  })

  test('a connection lost in a task says whether it had started', async () => {
    const { summary } = await run({ tasks: [set('x', {}, 'lost')] })
    const { outcome, error } = summary.hosts['h'] ?? {}
    expect(outcome).toBe('unreachable')
    expect(error).toBeInstanceOf(ConnectionLost)
    expect((error as ConnectionLost).started).toBe(true)
  })

  test.each([
    ['Unreachable', new Unreachable('no way')],
    ['HostKeyMismatch', new HostKeyMismatch('h', 'h:22', 'SHA256:a', 'SHA256:b')],
  ])('a host that cannot be reached: %s', async (_, error) => {
    let tries = 0
    const connect = async (): Promise<never> => {
      tries += 1
      throw error
    }
    const { summary, events } = await run({ tasks: [set('x')], connector: { connect } })
    expect(summary.hosts['h']).toMatchObject({ ok: 0, unreachable: 1, outcome: 'unreachable' })
    expect(summary.hosts['h']?.error).toBeInstanceOf(error.constructor)
    expect(events.map(({ type }) => type)).toContain('hostUnreachable')
    expect(tries).toBe(1)
  })

  test('an outcome that nobody can know is neither success nor failure', async () => {
    const { summary } = await run({ tasks: [poke('lock', { key: 'x', unknown: true })] })
    expect(summary.hosts['h']).toMatchObject({ ok: 0, unknown: 1, failed: 0, outcome: 'fine' })
  })

  test('wrong variables are told before anything is contacted', async () => {
    let connected = false
    const connector = {
      connect: async () => {
        connected = true
        return machine()
      },
    }
    const wrong = run({ tasks: [], schema: z.object({ port: z.number() }), vars: { port: 'x' }, connector })
    await expect(wrong).rejects.toThrow(/variables of h for playbook 'p': parameter 'port': .*expected number.*got "x"/)
    await expect(run({ tasks: [], hosts: [host('a'), host('a')], connector })).rejects.toThrow(UsageError)
    await expect(run({ tasks: [], forks: 0, connector })).rejects.toThrow(/forks: expected a whole number from 1, got 0/)
    expect(connected).toBe(false)
  })

  test('variables given win over those of the host', async () => {
    let seen: unknown
    const schema = z.object({ a: z.string(), b: z.string() })
    await run({
      schema,
      hosts: [host('h', { a: 'host', b: 'host', c: 'dropped' })],
      vars: { b: 'given' },
      tasks: ({ vars }) => {
        seen = vars
        return []
      },
    })
    expect(seen).toEqual({ a: 'host', b: 'given' })
  })
})

describe('several hosts', () => {
  test('run forks at a time, each in order', async () => {
    let [now, most] = [0, 0]
    const slow = defineAction({
      name: 'slow',
      params: z.object({}),
      run: async () => {
        now += 1
        most = Math.max(most, now)
        await sleep(10)
        now -= 1
      },
    })
    const hosts = Array.from({ length: 9 }, (_, index) => host(`h${index}`))
    const { summary } = await run({ hosts, forks: 3, tasks: [slow('a', {}), slow('b', {})] })
    expect(most).toBe(3)
    expect(Object.keys(summary.hosts)).toEqual(hosts.map(({ name }) => name))
    expect(Object.values(summary.hosts).every(({ ok }) => ok === 2)).toBe(true)
  })
})

describe('an interrupt', () => {
  test('lets the running task finish and begins no other', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 30)
    const hosts = [host('a'), host('b')]
    const { summary, of } = await run({ hosts, tasks: [set('x', {}, 'slow'), set('y')], signal: stop.signal })
    expect(summary.interrupted).toBe(true)
    expect(summary.hosts['a']).toMatchObject({ ok: 1, outcome: 'interrupted' })
    expect(summary.hosts['b']).toMatchObject({ ok: 0, outcome: 'interrupted' })
    expect(of('a').log).toEqual(['get x', 'set x slow'])
    expect(of('a').closed).toBe(1)
  })

  test('ends a task that takes longer than the grace', async () => {
    const stop = new AbortController()
    let end: (() => void) | undefined
    const stuck: Connection = {
      ...machine(),
      run: ({ text }) =>
        new Promise((_, reject) => {
          end = () => reject(new ConnectionLost('h', text, true, 'it was closed'))
        }),
      close: async () => end?.(),
    }
    setTimeout(() => stop.abort(), 20)
    const { summary } = await run({ tasks: [set('x')], signal: stop.signal, graceMs: 30, connector: { connect: async () => stuck } })
    expect(summary.hosts['h']).toMatchObject({ outcome: 'interrupted' })
  })
})

describe('secrets', () => {
  const secret = new Secret('hunter22')
  const leak = defineModule({
    name: 'leak',
    params: z.strictObject({ key: z.instanceof(Secret).optional() }),
    check: async () => ({ seen: `x hunter22 ${Buffer.from('hunter22').toString('hex')}` }),
    want: () => ({ seen: 'other hunter22' }),
    apply: async () => {
      throw new Error(`failed with hunter22 and ${Buffer.from('hunter22').toString('base64')}`)
    },
  })
  const shown = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) => (part instanceof Error ? [part.message, part.stack] : part))

  test.each([
    ['a task', { tasks: [leak('leak hunter22', { key: secret })] }],
    ['the variables', { tasks: [leak('l', {})], vars: { key: secret } }],
    ['the host', { tasks: [leak('l', {})], hosts: [host('h', { key: secret })] }],
    ['a handler', { tasks: [set('a', { notify: leak('l', { key: secret }) })] }],
  ])('of %s are in no event and no summary, in any form', async (_, options) => {
    const { events, summary } = await run(options)
    expect(events.some(({ type }) => type === 'failed')).toBe(true)
    for (const form of ['hunter22', Buffer.from('hunter22').toString('hex'), Buffer.from('hunter22').toString('base64').slice(0, 10)]) {
      expect(shown([events, summary])).not.toContain(form)
    }
  })

  test('noLog shows that a task ran and how it ended, and nothing else', async () => {
    const tasks = [set('private', { noLog: true }, 'topsecret'), leak('l', {}, { noLog: true })]
    const { events, summary } = await run({ tasks })
    expect(shown([events, summary])).not.toMatch(/topsecret|hunter22/)
    expect(events.map(({ type }) => type)).toContain('failed')
    expect(summary.hosts['h']).toMatchObject({ ok: 1, changed: 1, failed: 1 })
  })
})
