/** What is left of a local cloud's work, from looking at processes, sockets and the directory: never from its records. */
import { type Dirent, fstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { printable } from '../../custody/names.ts'
import { codeOf } from './durable.ts'
import { layout, topNames } from './layout.ts'
import { toKey, toPath } from './paths.ts'
import { cloudEntry, marked, type Process, processes } from './processes.ts'

/** What may be there because somebody answers for it. */
export interface Known {
  /** Pids of services that run; their descendants are theirs. */
  readonly services?: readonly number[]
  /** Runs that are not over: their uploads may lie there. */
  readonly openRuns?: readonly string[]
}

/** Everything left, in words; [] when nothing is. */
export async function residue(dir: string, known: Known = {}): Promise<readonly string[]> {
  const root = realpathSync(resolve(dir))
  return [...strays(root, known), ...leftFiles(root, known)]
}

function strays(root: string, { services = [] }: Known): readonly string[] {
  const everybody = processes.all()
  const excused = new Set([...ancestors(everybody), ...descendants(everybody, services)])
  const carriers = new Set(marked(cloudEntry(root)).map((one) => one.pid))
  const inside = (path: string): boolean => path === root || path.startsWith(`${root}/`)
  const found = everybody
    .filter((one) => !excused.has(one.pid))
    // A person's shell or editor in the directory is no residue: it has a terminal.
    .filter((one) => carriers.has(one.pid) || (!one.hasTerminal && processes.files(one.pid).some(inside)))
  const sockets = processes.listening(new Set(found.map((one) => one.pid)))
  return [
    ...found.map(
      (one) => `process ${one.pid} (${printable(one.name)})${carriers.has(one.pid) ? '' : ' without the marker, in the directory'}`,
    ),
    ...sockets.map(({ pid, address }) => `socket ${address} of process ${pid}`),
    ...unixSockets(root).map((path) => `socket ${printable(path)}`),
  ]
}

/** Bound now, or left as a file, in any folder but the workers' own, which are residue as a whole. */
function unixSockets(root: string): readonly string[] {
  const bound = processes.unixSockets(root).map((path) => relative(root, path))
  const files = walk(root).flatMap(({ path, isSocket }) => (isSocket ? [path] : []))
  return [...new Set([...bound, ...files])].filter((path) => !path.startsWith('workers/')).sort()
}

/** This process and those above it. */
function ancestors(everybody: readonly Process[]): readonly number[] {
  const parents = new Map(everybody.map((one) => [one.pid, one.parent]))
  const line: number[] = []
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 0 && !line.includes(pid); pid = parents.get(pid))
    line.push(pid)
  return line
}

function descendants(everybody: readonly Process[], roots: readonly number[]): ReadonlySet<number> {
  const found = new Set(roots)
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const one of everybody) if (found.has(one.parent)) found.add(one.pid)
  }
  return found
}

function leftFiles(root: string, { openRuns = [] }: Known): readonly string[] {
  const { buckets, workers, temporary } = layout(root)
  const open = openRuns.map((run) => `incoming/${run}/`)
  return [
    ...names(root)
      .filter((name) => !topNames.has(name) && !isOurStream(join(root, name)))
      .map((name) => `file ${printable(name)} that is no part of a local cloud`),
    ...names(workers).map((name) => `disk workers/${printable(name)}`),
    ...names(temporary).map((name) => `unfinished file buckets/.tmp/${printable(name)}`),
    ...names(buckets)
      .filter((name) => !['.tmp', 'input', 'output', 'ancillary'].includes(name))
      .map((name) => `file buckets/${printable(name)} that is no part of a local cloud`),
    ...objects(join(buckets, 'ancillary'))
      .filter((key) => key.startsWith('relay/'))
      .map((key) => `object ancillary/${printable(key)}`),
    ...objects(join(buckets, 'input'))
      .filter((key) => !open.some((prefix) => key.startsWith(prefix)))
      .map((key) => `object input/${printable(key)}`),
    ...deadAttempts(join(buckets, 'output')).map((key) => `object output/${printable(key)} of an attempt that is no result`),
  ]
}

const names = (folder: string): readonly string[] =>
  entries(folder)
    .map((entry) => entry.name)
    .sort()

/** Somebody may have sent our output to a file in the directory. */
function isOurStream(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return [0, 1, 2].some((stream) => {
    try {
      const ours = fstatSync(stream)
      return found !== undefined && ours.ino === found.ino && ours.dev === found.dev
    } catch {
      return false // it is closed
    }
  })
}

interface Entry {
  /** From the folder on. */
  readonly path: string
  readonly isSocket: boolean
}

/** All that is no folder under a folder; who removes things meanwhile does not disturb. */
function walk(folder: string, from = ''): readonly Entry[] {
  return entries(join(folder, from)).flatMap((entry) => {
    const path = join(from, entry.name)
    return entry.isDirectory() ? walk(folder, path) : [{ path, isSocket: entry.isSocket() || entry.isFIFO() }]
  })
}

function entries(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Keys of a bucket's folder; a name that is no key's is told as it is. */
const objects = (bucket: string): readonly string[] =>
  walk(bucket)
    .map(({ path }) => toKey(path.split('/')) ?? path)
    .sort()

/** Files under `…/attempt-N/` where the unit's `result.json` names another attempt, or is not there. */
function deadAttempts(output: string): readonly string[] {
  const published = new Map<string, number | undefined>()
  return objects(output).filter((key) => {
    const [, unit, attempt] = /^(.*\/)attempt-([0-9]+)\//.exec(key) ?? []
    if (unit === undefined) return !/^runs\/[^/]+\/(report|(samples\/[^/]+|table)\/result)\.json$/.test(key)
    if (!published.has(unit)) published.set(unit, publishedAttempt(join(output, ...toPath(`${unit}result.json`))))
    return published.get(unit) !== Number(attempt)
  })
}

function publishedAttempt(path: string): number | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof found === 'object' && found !== null && 'attempt' in found && typeof found.attempt === 'number'
      ? found.attempt
      : undefined
  } catch {
    return undefined
  }
}
