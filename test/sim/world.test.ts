import { describe, expect, test } from 'vitest'
import { isCloudError } from '../../cloud/ports.ts'
import { VirtualClock } from './clock.ts'
import { simWorld } from './cloud.ts'
import { SimCrash } from './faults.ts'

const tags = { job: 'j', run: 'r', unit: 'u', attempt: '1', worker: 'w', kind: 'sample', object: 'incoming/x' }
const launch = { token: 't', image: 'i', type: 't', subnet: 's', userData: '{}', tags }
const put = (op: string) => ({ op, puts: [{ pk: 'p', sk: op, ifRev: 0, body: {} }] })

describe('virtual time', () => {
  test('stands still until it is moved, and fires what is due in order', async () => {
    const clock = new VirtualClock(1000)
    const seen: string[] = []
    const sleeper = async (name: string, ms: number, rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        await clock.sleep(ms)
        seen.push(`${name}@${clock.now()}`)
      }
    }
    void sleeper('a', 30, 3)
    void sleeper('b', 45, 2)
    await clock.advance(44)
    expect(seen).toEqual(['a@1030'])
    expect(clock.now()).toBe(1044)
    await clock.advance(46)
    expect(seen).toEqual(['a@1030', 'b@1045', 'a@1060', 'b@1090', 'a@1090'])
  })

  test('passes until a promise settles, at most as long as said', async () => {
    const clock = new VirtualClock(0)
    await clock.until(clock.sleep(5000))
    expect(clock.now()).toBe(5000)
    await expect(clock.until(clock.sleep(5000), 1000)).rejects.toThrow('within 1000 ms')
    await expect(clock.until(Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  })
})

/** Several openers race for one row, with faults. */
async function story(seed: number): Promise<string> {
  const world = simWorld({ seed, latencyMs: 50 })
  world.faults.rates = { before: 0.1, after: 0.1 }
  world.faults.queue = { lose: 0.2, double: 0.2 }
  const agent = async (name: number) => {
    const { ledger, queue } = world.open('agent')
    for (let n = 0; n < 5; n++) {
      const row = await ledger.get('p', 'a').catch(() => undefined)
      const write = { op: `${name}-${n}`, puts: [{ pk: 'p', sk: 'a', ifRev: row?.rev ?? 0, body: { name, n } }] }
      await ledger.write(write).catch(() => undefined)
      await queue.send('doorbell', `${name}-${n}`).catch(() => undefined)
    }
  }
  await world.clock.until(Promise.all([1, 2, 3].map(agent)))
  return JSON.stringify([world.calls, world.ledger.rows(), world.queue.depth('doorbell'), world.clock.now()])
}

describe('a seed', () => {
  test('tells the same story every time', async () => {
    expect(await story(7)).toBe(await story(7))
  })

  test('and another seed another one', async () => {
    const stories = await Promise.all([1, 2, 3, 4].map(story))
    expect(new Set(stories).size).toBe(4)
  })
})

describe('faults', () => {
  test('before the effect nothing happened; after it, only the answer is lost', async () => {
    const world = simWorld()
    const { ledger } = world.open('agent')
    world.faults.inject({ when: 'before', port: 'ledger', op: 'write' })
    await expect(ledger.write(put('a'))).rejects.toSatisfy((error) => isCloudError(error, 'Unavailable'))
    expect(world.ledger.rows()).toEqual([])
    world.faults.inject({ when: 'after', port: 'ledger', op: 'write' })
    await expect(ledger.write(put('a'))).rejects.toSatisfy((error) => isCloudError(error, 'Unavailable'))
    expect(world.ledger.rows()).toHaveLength(1)
    expect(await ledger.write(put('a'))).toEqual({ applied: true })
  })

  test('strike only the calls that are meant, as often as said, and may be taken back', async () => {
    const world = simWorld()
    const agent = world.open('agent')
    const undo = world.faults.inject({ when: 'before', port: 'compute', error: 'InsufficientInstanceCapacity', times: 2, role: 'agent' })
    world.faults.inject({ when: 'before', where: ({ args }) => args[0] === 'strange' })
    await agent.trail.lines()
    await expect(agent.ledger.get('strange', 'a')).rejects.toMatchObject({ code: 'Unavailable' })
    await expect(agent.compute.launch(launch)).rejects.toMatchObject({ code: 'InsufficientInstanceCapacity' })
    undo()
    expect((await agent.compute.launch(launch)).state).toBe('pending')
  })

  test('a crash is for good, for that opener alone', async () => {
    const world = simWorld()
    const [one, two] = [world.open('agent'), world.open('agent')]
    const sleeping = expect(one.clock.sleep(1000)).rejects.toBeInstanceOf(SimCrash)
    const waiting = expect(one.queue.receive('doorbell', { waitMs: 1000, max: 1, visibilityMs: 1000 })).rejects.toBeInstanceOf(SimCrash)
    world.faults.inject({ when: 'after', port: 'ledger', error: 'crash' })
    await expect(one.ledger.write(put('a'))).rejects.toBeInstanceOf(SimCrash)
    await sleeping
    await waiting
    await expect(one.ledger.get('p', 'a')).rejects.toBeInstanceOf(SimCrash)
    expect(one.killed).toBe(true)
    expect(await two.ledger.get('p', 'a')).toBeDefined()
  })

  test('what a killed process was still sending is never there', async () => {
    const world = simWorld()
    const agent = world.open('agent')
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('first')
      agent.kill()
      yield Buffer.from('second')
    }
    await expect(agent.objects.put('ancillary', 'relay/a', body())).rejects.toBeInstanceOf(SimCrash)
    expect(await world.objects.list('ancillary', '')).toEqual([])
  })

  test('lose or double messages', async () => {
    const world = simWorld()
    const { queue } = world.open('agent')
    world.faults.queue = { lose: 1, double: 0 }
    await queue.send('doorbell', 'x')
    expect(world.queue.depth('doorbell')).toBe(0)
    world.faults.queue = { lose: 0, double: 1 }
    await queue.send('doorbell', 'x')
    expect(world.queue.depth('doorbell')).toBe(2)
  })
})

describe('a machine', () => {
  test('runs its program with the rights of its job, and ends with it', async () => {
    const world = simWorld()
    const agent = world.open('agent')
    const { id } = await agent.compute.launch(launch)
    await expect(world.open('worker', { instance: id }).queue.send('doorbell', 'x')).rejects.toMatchObject({ code: 'AccessDenied' })
    world.boot(id)
    await world.run(id, async (cloud, { instance }) => {
      expect(instance).toBe(id)
      await cloud.queue.send('doorbell', 'x')
    })
    expect((await agent.compute.describe())[0]?.state).toBe('terminated')
    world.plant(id, 'stray file')
    expect(await world.open('sweeper').compute.remains(id)).toEqual(['stray file'])
  })

  test('that dies takes its program along', async () => {
    const world = simWorld()
    const agent = world.open('agent')
    const { id } = await agent.compute.launch(launch)
    world.boot(id)
    const running = world.run(id, async (cloud, { signal }) => {
      await cloud.clock.sleep(1000)
      signal.throwIfAborted()
      await cloud.queue.send('doorbell', 'never')
    })
    await world.clock.advance(500)
    world.die(id)
    await running
    await world.clock.advance(1000)
    expect(world.queue.depth('doorbell')).toBe(0)
  })

  test('may take a while to end, and is forgotten after an hour', async () => {
    const world = simWorld()
    const agent = world.open('agent')
    const { id } = await agent.compute.launch(launch)
    world.compute.terminateMs = 5000
    await world.open('sweeper').compute.terminate(id)
    expect((await agent.compute.describe())[0]?.state).toBe('shutting-down')
    expect(await world.open('sweeper').compute.remains(id)).not.toEqual([])
    await world.clock.advance(5000)
    expect((await agent.compute.describe())[0]?.state).toBe('terminated')
    await world.clock.advance(3_600_000)
    expect(await agent.compute.describe()).toEqual([])
    await world.open('sweeper').compute.terminate(id)
  })
})
