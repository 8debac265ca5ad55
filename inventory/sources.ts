/** What `-i` takes, and which of them a source is. */
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { UsageError } from '../runner/errors.ts'
import { splitAddress } from './address.ts'
import { readData } from './data-file.ts'
import { isAnswer, readAnswer, readGroups, type Warn } from './groups.ts'
import { lineOf, type Part } from './part.ts'
import { Tree } from './tree.ts'

/** Reads sources into one tree: later ones add to what earlier ones said, and win over it. Throws UsageError. */
export async function readSources(sources: readonly string[], warn: Warn): Promise<Tree> {
  const tree = new Tree()
  for (const source of sources) await readSource(source, tree, warn)
  return tree.finish()
}

/** Where group_vars/ and host_vars/ of these sources are, in their order. */
export async function directoriesOf(sources: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const source of sources) {
    const info = source === 'local:' ? undefined : await stat(source).catch(() => undefined)
    if (info !== undefined) found.push(info.isDirectory() ? source : dirname(source))
  }
  return found
}

async function readSource(source: string, tree: Tree, warn: Warn): Promise<void> {
  if (source === 'local:') {
    tree.host('localhost', source).connection = { kind: 'local' }
    return
  }
  const info = await stat(source).catch((cause: Error) => {
    if (source.includes(',')) return undefined
    throw new UsageError(`inventory ${source} cannot be read: ${cause.message}`, { cause })
  })
  if (info === undefined) return readList(source, tree)
  if (info.isDirectory()) return readDirectory(source, tree, warn)
  // What reads each kind is loaded when it is needed: a run has one or two of them.
  if ((info.mode & 0o111) !== 0 && (await isProgram(source))) return (await import('./program.ts')).readProgram(source, tree, warn)
  switch (extname(source)) {
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return readModule(source, tree)
    case '.json':
      return readJson(await textOf(source), source, tree, warn)
    case '.yml':
    case '.yaml':
      return readGroups(await readData(await textOf(source), source), lineOf(source), tree, warn)
    case '.toml':
      throw new UsageError(
        `inventory ${source}: TOML is not read. Have 'ansible-inventory -i ${source} --list --export > hosts.json', and give that`,
      )
    case '':
      return readEither(await textOf(source), source, tree, warn)
    default:
      return readLines(await textOf(source), source, tree)
  }
}

async function readModule(source: string, tree: Tree): Promise<void> {
  const [{ loadModule }, { readOwn }] = await Promise.all([import('./module.ts'), import('./own.ts')])
  return readOwn(await loadModule(source, `inventory ${source}`), source, tree)
}

async function readLines(text: string, source: string, tree: Tree): Promise<void> {
  const { readIni } = await import('./ini.ts')
  readIni(text, source, tree)
}

/** `web1,web2,`: names and nothing else. */
function readList(source: string, tree: Tree): void {
  for (const name of source.split(',').map((part) => part.trim())) {
    if (name === '') continue
    const { host, port } = splitAddress(name) ?? { host: name }
    tree.host(host, `-i ${source}`, { group: tree.ungrouped, ...(port === undefined ? {} : { port }) })
  }
}

const ignored = /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.cfg|\.retry)$/

/** All inventories of a directory, in the order of their names. */
async function readDirectory(source: string, tree: Tree, warn: Warn): Promise<void> {
  const names = (await readdir(source)).filter((name) => !ignored.test(name))
  for (const name of names.sort()) await readSource(join(source, name), tree, warn)
}

/** Executable data are data: it takes a line that names an interpreter, or what is no text. */
async function isProgram(source: string): Promise<boolean> {
  const file = await open(source)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0)
    const head = buffer.subarray(0, bytesRead)
    return head.subarray(0, 2).toString() === '#!' || head.includes(0)
  } finally {
    await file.close()
  }
}

async function readJson(text: string, source: string, tree: Tree, warn: Warn): Promise<void> {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`inventory ${source} cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
  const part = await readData(text, source)
  if (isAnswer(part) && part !== undefined) readAnswer(part, lineOf(source), tree)
  else if (isOwn(part)) await (await import('./own.ts')).readOwn(data, source, tree, part)
  else readGroups(part, lineOf(source), tree, warn)
}

/** Ansible's top level has groups, ours has `hosts`. */
const isOwn = (part: Part | undefined): boolean =>
  part?.kind !== 'map' || part.entries.length === 0 || part.entries.some(({ key }) => key === 'hosts')

/** Without an ending it is YAML if it reads as a map, and INI otherwise, as with Ansible. A section makes it INI: no map has one. */
async function readEither(text: string, source: string, tree: Tree, warn: Warn): Promise<void> {
  if (/^\[[^:\]\s]+(?::\w+)?\]\s*(?:#.*)?$/m.test(text)) return readLines(text, source, tree)
  let part: Part | undefined
  try {
    part = await readData(text, source)
  } catch (error) {
    // What is INI is seldom YAML: only where a line says that it is YAML does its error count.
    if (/^---|\$ANSIBLE_VAULT/m.test(text) || /^[\w.-]+:\s*$/m.test(text)) throw error
  }
  return part?.kind === 'map' ? readGroups(part, lineOf(source), tree, warn) : readLines(text, source, tree)
}

async function textOf(source: string): Promise<string> {
  return readFile(source, 'utf8').catch((cause: Error) => {
    throw new UsageError(`inventory ${source} cannot be read: ${cause.message}`, { cause })
  })
}
