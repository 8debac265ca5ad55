import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layout } from '../../cloud/local/layout.ts'
import { cloudEntry, processes } from '../../cloud/local/processes.ts'
import { mostAlive, outOfOrder, type Told, told } from './events.ts'
import { foundIn, isPrivate } from './needles.ts'
import { hasProc, type Seen, watch } from './proc.ts'
import { type Ended, newStage, project, type Stage } from './stage.ts'
import { differences, header, linesOf, otherPrograms } from './table.ts'
import { marks, tree } from './tree.ts'

const SAMPLES = 12
const WORKERS = 5

/** What the processes of a demo are; several of the last two are expected. */
type Role = 'demo' | 'agent' | 'door' | 'key host' | 'intake' | 'machine' | 'job'

function roleOf({ argv, env }: Seen, dir: string): Role | undefined {
  const [, program = ''] = argv
  if (env.includes(cloudEntry(dir)) && argv[0] === 'bin/node' && program === 'bin/worker.mjs') return 'job'
  if (!argv.includes(dir)) return undefined
  if (basename(program) === 'machine.mjs') return 'machine'
  if (basename(program) === 'key-host.mjs') return 'key host'
  if (basename(program) === 'key-host-door.ts') return 'door'
  if (program.endsWith('/intake/main.ts')) return 'intake'
  return argv.includes('agent') ? 'agent' : argv.includes('demo') ? 'demo' : undefined
}

const instanceOf = ({ env }: Seen): string => env.find((entry) => entry.startsWith('SKEP_INSTANCE='))?.slice(14) ?? ''

/** What was seen in /proc during one demo. */
interface Sampling {
  /** Each process by pid and start time, as the program it was last seen to be. */
  readonly processes: Map<string, { readonly role: Role; readonly instance: string; readonly seen: Seen }>
  mostMachines: number
  looks: number
}

/** Files that were there before, and those outside of our own places that somebody made meanwhile. */
const shared = ['/dev/shm', '/var/tmp'].filter(existsSync)
const namesIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.uid === process.getuid?.())

let stage: Stage
let clone: string
let sampling: Sampling
const ended: Ended[] = []
const runs: Told[] = []
const before = { clone: [] as readonly string[], packages: [] as readonly string[], shared: [] as readonly string[] }

/** The sources and, by a link, the installed packages: nobody else works in it. */
function copyOfTheProject(to: string): void {
  const left = new Set(['node_modules', '.git', 'skep-demo', 'coverage', 'build'])
  cpSync(project, to, { recursive: true, filter: (from) => !left.has(basename(from)) })
  symlinkSync(join(project, 'node_modules'), join(to, 'node_modules'))
}

/** Of the installed packages all but what the test runner and other tests keep there. */
const packages = (): readonly string[] => marks(join(project, 'node_modules'), (path) => path === '' || /^\.(vit|cache)/.test(path))

beforeAll(async () => {
  stage = newStage()
  clone = join(stage.root, 'clone')
  copyOfTheProject(clone)
  before.clone = marks(clone)
  before.packages = packages()
  before.shared = shared.flatMap(namesIn)
  sampling = { processes: new Map(), mostMachines: 0, looks: 0 }
  const stop = hasProc ? watch(note) : () => undefined
  try {
    const argv = ['demo', '--samples', String(SAMPLES), '--workers', String(WORKERS), '--dir', stage.dir, '--json']
    for (let time = 0; time < 2; time += 1) {
      const one = await stage.skep(argv, { clone, limitMs: 240_000 })
      ended.push(one)
      if (one.code !== 0) throw new Error(`the demo ended with ${one.code ?? one.signal}: ${one.stderr}${one.stdout.slice(-2_000)}`)
      runs.push(told(one.stdout))
    }
  } finally {
    stop()
  }
}, 500_000)
afterAll(() => stage.dispose(), 30_000)

function note(now: readonly Seen[]): void {
  sampling.looks += 1
  const machines = new Set<string>()
  const programs = new Map(now.map(({ pid, argv }) => [pid, argv.join('\0')]))
  for (const seen of now) {
    const role = roleOf(seen, stage.dir)
    // Between fork and exec a child still looks like its parent.
    if (role === undefined || programs.get(seen.parent) === programs.get(seen.pid)) continue
    const instance = role === 'machine' || role === 'job' ? instanceOf(seen) : ''
    sampling.processes.set(`${seen.pid} ${seen.start}`, { role, instance, seen })
    if (role === 'machine') machines.add(instance)
  }
  sampling.mostMachines = Math.max(sampling.mostMachines, machines.size)
}

describe.each([
  ['the first demo', 0],
  ['a second demo in the same directory', 1],
])('%s', (_, index) => {
  const of = (): Told => {
    const one = runs[index]
    if (one === undefined) throw new Error('this demo did not run')
    return one
  }

  test('ends with 0 and says nothing but events', () => expect(ended[index]).toMatchObject({ code: 0, stderr: '' }))

  test('tells each transition of samples and workers, in an order that may be', () => {
    expect(outOfOrder(of())).toEqual([])
    const { samples, workers, summary } = of()
    expect(new Set(samples.map(({ id }) => id))).toEqual(new Set(summary.samples.map(({ id }) => id)))
    for (const { id, attempts } of summary.samples)
      expect(samples.filter((event) => event.id === id && event.state === 'LAUNCHING').map(({ attempt }) => attempt)).toEqual(
        Array.from({ length: attempts }, (__, at) => at + 1),
      )
    // One worker an attempt, and consolidation's.
    const attempts = summary.samples.reduce((sum, sample) => sum + sample.attempts, 0)
    expect(new Set(workers.map(({ id }) => id)).size).toBeGreaterThan(attempts)
  })

  test('never has more than five workers', () => {
    expect(mostAlive(of().workers)).toBeLessThanOrEqual(WORKERS)
    expect(mostAlive(of().workers)).toBeGreaterThan(1)
  })

  test('is COMPLETE, with one result a sample, and leaves nothing', () => {
    const { summary } = of()
    expect(summary).toMatchObject({
      state: 'COMPLETE',
      refused: 0,
      notices: ['start', 'done'],
      residue: [],
      quiescent: true,
      audit: { ok: true },
    })
    expect(summary.samples.map(({ state, class: failure }) => [state, failure])).toEqual(
      Array.from({ length: SAMPLES }, () => ['DONE', null]),
    )
    expect(summary.results).toHaveLength(SAMPLES)
    expect(new Set(summary.results).size).toBe(SAMPLES)
    for (const path of [...summary.results, summary.table, summary.report]) expect(lstatSync(path).size, path).toBeGreaterThan(0)
    expect(readFileSync(summary.report, 'utf8')).toContain('![Vitals of the patients](vitals.svg)')
    expect(existsSync(join(summary.report, '..', 'vitals.svg'))).toBe(true)
  })
})

test('the second demo is a run of its own, with the same table', () => {
  const [first, second] = runs.map(({ summary }) => summary)
  expect(second?.run).not.toBe(first?.run)
  const audited = [first, second].map((summary) => summary?.audit.records ?? 0)
  expect(audited[1]).toBeGreaterThan(audited[0] ?? 0)
  const tables = [first, second].map((summary) => readFileSync(summary?.table ?? '', 'utf8'))
  expect(tables[1]).toBe(tables[0])
})

describe.skipIf(!hasProc)('in /proc while it runs (Linux only)', () => {
  const all = (role: Role) => [...sampling.processes.values()].filter((one) => one.role === role)

  test.each<[Role, number]>([
    ['demo', 2],
    ['agent', 2],
    ['door', 2],
    ['intake', 2],
  ])('there is one %s a demo', (role, count) => expect(all(role)).toHaveLength(count))

  test('the key host itself is seen, as a process for each request', () => expect(all('key host').length).toBeGreaterThan(2))

  test('each worker has a machine and a job, as processes of their own', () => {
    const workers = new Set(runs.flatMap((run) => run.workers.filter(({ state }) => state === 'launched').map(({ id }) => id)))
    const machines = all('machine').map(({ instance }) => instance)
    const jobs = all('job').map(({ instance }) => instance)
    expect(machines.filter((instance) => !/^i-[0-9a-f]{17}$/.test(instance))).toEqual([])
    expect(machines.toSorted()).toEqual(jobs.toSorted())
    expect(new Set(machines).size).toBe(machines.length)
    expect(machines).toHaveLength(workers.size)
  })

  test('never more than five machines live at once', () => {
    expect(sampling.mostMachines).toBeLessThanOrEqual(WORKERS)
    expect(sampling.mostMachines).toBeGreaterThan(1)
    expect(sampling.looks).toBeGreaterThan(50)
  })
})

describe('afterwards', () => {
  test('nobody carries the marker, and no process that was seen is left', () => {
    expect(processes.withEnvironment(cloudEntry(stage.dir))).toEqual([])
    const alive = [...sampling.processes.values()].filter(({ seen }) => processes.identify(seen.pid)?.start === seen.start)
    expect(alive).toEqual([])
  })

  test('the private folders and their files are for their owner alone', () => {
    for (const folder of [stage.dir, layout(stage.dir).keyHost, layout(stage.dir).owner, layout(stage.dir).signer])
      expect(lstatSync(folder).mode & 0o7777, folder).toBe(0o700)
    const entries = tree(stage.dir).filter(({ path }) => isPrivate(path))
    expect(entries.filter(({ kind, mode }) => mode !== (kind === 'folder' ? 0o700 : 0o600)).map(({ path }) => path)).toEqual([])
    expect(entries.length).toBeGreaterThan(2 * SAMPLES)
  })

  /** A private key in a form that somebody wrote down: a header with a body, or the first bytes of an unencrypted ed25519 key. */
  const isKey = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s)+(?:[A-Za-z-]+: [^\\\n]*(?:\\[rn]|\s)+)*[A-Za-z0-9+/=]{40}/
  const beginnings = {
    'an ed25519 key (PKCS #8)': Buffer.from('302e020100300506032b657004220420', 'hex'),
    'an OpenSSH key': Buffer.from('openssh-key-v1\0\0\0\0\u0004none', 'latin1'),
  }

  /** No secret: ssh2 has this key in its sources, to learn what this Node can do, and so have bundles. */
  const ofSsh2 = 'MC4CAQAwBQYDK2VwBCIEIHKj+sVa9WcD/q2DJUJaf43Kptc8xYuUQA4bOFj9vC8T'

  test('no private key stands outside of the private folders', () => {
    const files = tree(stage.dir).filter(({ kind }) => kind === 'file')
    const holding = (path: string): boolean => {
      const text = readFileSync(path, 'latin1').replaceAll(ofSsh2, '')
      return isKey.test(text) || foundIn(Buffer.from(text, 'latin1'), beginnings).length > 0
    }
    const found = files.filter(({ absolute }) => holding(absolute)).map(({ path }) => path)
    expect(found.filter((path) => !isPrivate(path))).toEqual([])
    // The same search finds those that are where they belong.
    const known = ['key-host/homer-key', 'key-host/ssh-host-key.pem', 'owner/owner-key.secret.asc', 'signer/ticket.pem']
    expect(found).toEqual(expect.arrayContaining(known))
  })

  test('no worker’s disk is left', () => expect(readdirSync(layout(stage.dir).workers)).toEqual([]))

  test('nothing outside of the directory changed', () => {
    for (const place of [stage.home, stage.tmp, stage.cwd]) expect(readdirSync(place), place).toEqual([])
    expect(readdirSync(stage.root).sort()).toEqual(['clone', 'cloud', 'cwd', 'home', 'tmp'])
    expect(marks(clone)).toEqual(before.clone)
    expect(packages()).toEqual(before.packages)
    expect(shared.flatMap(namesIn)).toEqual(before.shared)
    // Whoever takes no notice of TMPDIR would name the cloud or its worker there.
    const strays = readdirSync(tmpdir()).filter((name) => name !== basename(stage.root) && name.includes(basename(stage.root)))
    expect(strays).toEqual([])
  })
})

describe('the table of the run', () => {
  const ours = () => linesOf(readFileSync(runs[0]?.summary.table ?? '', 'utf8'))
  const visits = () => [join(layout(stage.dir).owner, `study-${SAMPLES}`, 'timeseries.csv')]
  const programs = Object.keys(otherPrograms)

  test.skipIf(programs.length > 0 || process.env['CI'] === undefined)('needs python3 or awk to be checked against', () => {
    expect.unreachable('there is neither python3 nor awk on this machine')
  })

  test.each(programs)('equals the one that %s computes from the visits', (program) => {
    const [head, ...lines] = ours()
    expect([
      head?.id,
      ...(readFileSync(runs[0]?.summary.table ?? '', 'utf8')
        .split('\n')[0]
        ?.split(',')
        .slice(1) ?? []),
    ]).toEqual(header)
    const theirs = linesOf(otherPrograms[program]?.(visits()) ?? '')
    expect(theirs.length).toBe(100)
    expect(differences(lines, theirs)).toEqual([])
  })

  test('has one line a patient, sorted', () => {
    const ids = ours()
      .slice(1)
      .map(({ id }) => id)
    expect(ids).toEqual(ids.toSorted())
    expect(ids).toEqual(Array.from({ length: 100 }, (_, index) => `P${String(index + 1).padStart(3, '0')}`))
  })

  test('has these golden numbers for the default seed', () => {
    const golden = ours().find(({ id }) => id === 'P042')
    expect(Object.fromEntries(header.slice(1).map((column, index) => [column, golden?.numbers[index]]))).toEqual({
      visits: 96,
      systol_mean: 101.322917,
      systol_min: 99,
      systol_max: 103,
      diastol_mean: 81.322917,
      diastol_min: 79,
      diastol_max: 83,
      'resp.rate_mean': 16.479167,
      'resp.rate_min': 13,
      'resp.rate_max': 20,
      'heart rate_mean': 56.21875,
      'heart rate_min': 51,
      'heart rate_max': 62,
      OSat_mean: 96.917708,
      OSat_min: 96.4,
      OSat_max: 97.4,
      temp_mean: 99.146875,
      temp_min: 98.2,
      temp_max: 100.1,
      weight_mean: 194.802083,
      weight_min: 175,
      weight_max: 214,
    })
  })
})
