/** The journal of `skep run`: begun with the first event, gone when all is well, there to go on with otherwise. */
import { createHash, randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../runner/errors.ts'
import { type JournalLine, journalLine } from '../runner/report/journal.ts'
import { type Stopped, stoppedAt } from '../runner/report/journal-state.ts'
import type { Reporter } from '../runner/report/reporter.ts'
import { changedSince, type Digests, digestsOf, digestsSchema, type Made } from './digests.ts'
import { stateDir, stateKey } from './state-dir.ts'

/** Which runs are the same run, whatever has changed in what they are made of. */
export interface RunName {
  readonly playbooks: readonly string[]
  readonly inventory: readonly string[]
  readonly limit: string | undefined
}

/** A journal that is being written. */
export interface Journal extends Reporter {
  /** Ends it: nothing is left of a run that went well. Says whether one can go on with it. */
  close(fine: boolean): boolean
}

const header = z.object({ skep: z.literal('journal'), version: z.literal(1), digests: digestsSchema })

/** The journal of a run that begins. One that an earlier run left is replaced as soon as something happens. */
export function freshJournal(name: RunName, made: Made): Journal {
  return journalAt(name, (path) => {
    const salt = randomUUID()
    const fresh = `${path}.${process.pid}`
    const file = openSync(fresh, 'w', 0o600)
    put(file, { skep: 'journal', version: 1, digests: digestsOf(made, salt, stateKey) })
    renameSync(fresh, path)
    return file
  })
}

/**
 * The journal that a run left, and where it stopped. Throws UsageError where there is none, or where what the run is made of has changed
 * and nobody insists.
 */
export function journalToResume(name: RunName, made: Made, force: boolean): Journal & { readonly left: Stopped['of'] } {
  const path = pathOf(name)
  const { digests, lines } = read(path)
  const stopped = stoppedAt(lines)
  if (!force) {
    const changed = changedSince(digests, digestsOf(made, digests.salt, stateKey))
    if (changed.length > 0) {
      throw new UsageError(
        `--resume: since the run stopped there has changed: ${changed.join(', ')}. Go on all the same with --force, or begin anew without --resume`,
      )
    }
    if (stopped.unkept.length > 0) {
      throw new UsageError(
        `--resume: what was found is not kept, since it is secret: ${stopped.unkept.join('; ')}. ` +
          'Let it be looked at again with --force, or begin anew without --resume',
      )
    }
  }
  const journal = journalAt(name, () => {
    const file = openSync(path, 'a', 0o600)
    // The last line may be torn: what follows it begins a line of its own.
    writeSync(file, '\n')
    return file
  })
  const left: Stopped['of'] = (play, host) => {
    const resumed = stopped.of(play, host)
    if (resumed === undefined || !force) return resumed
    return { ...resumed, begun: new Set() }
  }
  return { ...journal, left }
}

/** Nothing is made before the first event: what was asked for wrongly leaves no trace. */
function journalAt(name: RunName, open: (path: string) => number): Journal {
  let file: number | undefined
  let broken = false
  return {
    report: (event) => {
      const line = journalLine(event)
      if (line === undefined) return
      file ??= open(pathOf(name))
      if (!broken) broken = !written(file, line, name)
    },
    end: async () => undefined,
    close: (fine) => {
      if (file === undefined) return false
      const path = pathOf(name)
      const own = fstatSync(file).ino === statSync(path, { throwIfNoEntry: false })?.ino
      closeSync(file)
      // Another run may have begun its own meanwhile.
      if (fine && own) rmSync(path)
      return own && !fine
    },
  }
}

/** Whether it could be. A journal with a hole would have things done twice: it is better to have none. */
function written(file: number, line: JournalLine, name: RunName): boolean {
  try {
    put(file, line)
    return true
  } catch (error) {
    rmSync(pathOf(name), { force: true })
    const why = error instanceof Error ? error.message : String(error)
    process.stderr.write(`skep: the journal cannot be written (${why}): nobody can go on with this run after a stop\n`)
    return false
  }
}

function put(file: number, line: object): void {
  writeSync(file, `${JSON.stringify(line)}\n`)
}

function read(path: string): { readonly digests: Digests; readonly lines: readonly JournalLine[] } {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError('--resume: there is nothing to go on with: the last such run ended well, or none was begun', { cause })
  }
  const [first, ...rest] = text.split('\n').flatMap((line): unknown[] => parsed(line) ?? [])
  const { data } = header.safeParse(first)
  if (data === undefined) throw new UsageError(`--resume: ${path} cannot be read: expected a journal of version 1. Begin anew`)
  return { digests: data.digests, lines: rest as readonly JournalLine[] }
}

/** A line that is torn says nothing. */
function parsed(line: string): [unknown] | undefined {
  try {
    return [JSON.parse(line)]
  } catch {
    return undefined
  }
}

function pathOf({ playbooks, inventory, limit }: RunName): string {
  const sources = inventory.map((source) => (source === 'local:' || source.includes(',') ? source : resolve(source)))
  const name = JSON.stringify([playbooks.map((file) => resolve(file)), sources, limit ?? null])
  return join(stateDir('journals'), `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.jsonl`)
}
