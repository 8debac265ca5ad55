import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layout } from '../../../cloud/local/layout.ts'
import { residue } from '../../../cloud/local/residue.ts'
import { attemptFile, manifestKey, relayKey, sampleKey, sealKey, TABLE } from '../../../custody/names.ts'
import { boot, newPlace, type Place, tags, until } from './place.ts'

const [run, other, unit] = [
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
  '33333333-3333-4333-8333-333333333333',
]

let place: Place
const children: ChildProcess[] = []
beforeEach(async () => {
  place = await newPlace()
})
afterEach(async () => {
  for (const child of children.splice(0)) if (child.kill('SIGKILL')) await once(child, 'exit')
  await place.dispose()
})

/** Starts what a careless program would leave behind. */
async function leave(argv: readonly string[], options: { cwd?: string; env?: Record<string, string> }): Promise<ChildProcess> {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { stdio: 'ignore', detached: true, cwd: '/', env: { PATH: process.env['PATH'] ?? '' }, ...options })
  children.push(child)
  await once(child, 'spawn')
  return child
}

describe('residue', () => {
  test('is nothing in a new cloud, nor in one that is open', async () => {
    expect(await residue(place.dir)).toEqual([])
    const agent = await place.open('agent')
    await agent.trail.append(1, '{}')
    await agent.notices.publish({ id: 'x', subject: 's', text: 't' })
    expect(await residue(place.dir)).toEqual([])
  })

  test('is nothing after a machine has ended, and much before', async () => {
    const [agent, sweeper] = [await place.open('agent'), await place.open('sweeper')]
    const machine = await boot(place, agent)
    const { port } = machine.address
    expect(await residue(place.dir)).toEqual([
      `process ${machine.pid} (node)`,
      `socket 127.0.0.1:${port} of process ${machine.pid}`,
      `disk workers/${machine.id}`,
    ])
    await sweeper.compute.terminate(machine.id)
    expect(await residue(place.dir)).toEqual([])
  })

  const sleeping = ['sleep', '60']
  test.each<[string, readonly string[], (dir: string) => { cwd?: string; env?: Record<string, string> }, RegExp]>([
    ['with the marker', sleeping, (dir) => ({ env: { PATH: process.env['PATH'] ?? '', SKEP_CLOUD: dir } }), /^process \d+ \(sleep\)$/],
    [
      'whose working directory is in it',
      sleeping,
      (dir) => ({ cwd: join(dir, 'workers') }),
      /^process \d+ \(sleep\) without the marker, in the directory$/,
    ],
    [
      'that has a file of it open',
      ['sh', '-c', 'exec 7<"$0/skep.json"; exec sleep 60'],
      () => ({}),
      /^process \d+ \((sleep|sh)\) without the marker/,
    ],
  ])('finds a process %s, and not when it is a known service', async (_, argv, options, found) => {
    const child = await leave(argv.includes('-c') ? [...argv, place.dir] : argv, options(place.dir))
    const left = await until('it is found', async () => {
      const seen = await residue(place.dir)
      return seen.length > 0 && seen
    })
    expect(left).toEqual([expect.stringMatching(found)])
    expect(await residue(place.dir, { services: [child.pid ?? 0] })).toEqual([])
  })

  test('does not see a process of another cloud', async () => {
    await leave(sleeping, { env: { PATH: process.env['PATH'] ?? '', SKEP_CLOUD: `${place.dir}x` } })
    expect(await residue(place.dir)).toEqual([])
  })

  test('finds what listens, also on a Unix socket in the directory', async () => {
    const script = "require('net').createServer().listen(0, '127.0.0.1'); require('net').createServer().listen('left.sock')"
    await leave([process.execPath, '-e', script], { cwd: layout(place.dir).logs })
    await until('it listens', async () => (await residue(place.dir)).length >= 3)
    expect(await residue(place.dir)).toEqual([
      expect.stringMatching(/^process \d+ \(node\) without the marker/),
      expect.stringMatching(/^socket 127\.0\.0\.1:\d+ of process \d+$/),
      expect.stringMatching(/^socket logs\/left\.sock$/),
    ])
  })

  test.each<[string, readonly string[]]>([
    ['stray.txt', ['file stray.txt that is no part of a local cloud']],
    ['\u001b[31mred', ['file \\u{1b}[31mred that is no part of a local cloud']],
    ['workers/i-0123456789abcdef0/run/worker.log', ['disk workers/i-0123456789abcdef0']],
    ['buckets/.tmp/.tmp-1-boot.1-x', ['unfinished file buckets/.tmp/.tmp-1-boot.1-x']],
    ['buckets/other/x.json', ['file buckets/other that is no part of a local cloud']],
    ['logs/agent.log', []],
    ['owner/results/x.csv', []],
    ['release/worker.mjs', []],
  ])('judges a file at %j', async (path, expected) => {
    const file = join(place.dir, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, 'x')
    expect(await residue(place.dir)).toEqual(expected)
  })

  test('finds objects of relays, of closed runs, and of attempts that are no result', async () => {
    const [agent, sweeper] = [await place.open('agent'), await place.open('sweeper')]
    const owner = await place.open('owner')
    const job = 'a'.repeat(40)
    await agent.objects.put('ancillary', relayKey(job, 1, 'beat'), Buffer.from('{}'))
    for (const key of [sampleKey(run, unit), sealKey(other, 3), 'incoming/Odd name'])
      await owner.objects.put('input', key, Buffer.from('x'))
    const { id } = await agent.compute.launch({
      token: 't',
      image: 'i',
      type: 't',
      subnet: 's',
      userData: '{}',
      tags: { ...tags, job, run, unit, attempt: '2' },
    })
    const worker = await place.open('worker', { instance: id })
    await worker.objects.put('output', attemptFile(run, unit, 2, 1), Buffer.from('x'))
    await sweeper.compute.terminate(id)
    expect(await residue(place.dir, { openRuns: [other] })).toEqual([
      `object ancillary/relay/${job}/1/beat.json`,
      `object input/${sampleKey(run, unit)}`,
      'object input/incoming/Odd name',
      `object output/${attemptFile(run, unit, 2, 1)} of an attempt that is no result`,
    ])
    const publish = (ofUnit: string, attempt: number) => {
      const path = join(layout(place.dir).buckets, 'output', manifestKey(run, ofUnit))
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, JSON.stringify({ attempt }))
    }
    publish(unit, 2)
    publish(TABLE, 1)
    expect((await residue(place.dir)).filter((line) => line.startsWith('object output'))).toEqual([])
    publish(unit, 3)
    expect((await residue(place.dir)).filter((line) => line.startsWith('object output'))).toHaveLength(1)
  })
})
