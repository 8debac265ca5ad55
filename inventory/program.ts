/** Inventories that are programs: asked with `--list`, and with `--host NAME` where that does not say all. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { UsageError } from '../runner/errors.ts'
import { readAnswer, type Warn } from './groups.ts'
import { type Part, partOf, settingsOf } from './part.ts'
import type { Tree } from './tree.ts'

export interface ProgramLimits {
  /** For one question, in milliseconds. */
  readonly timeoutMs: number
  /** Of one answer. */
  readonly bytes: number
}

const defaults: ProgramLimits = { timeoutMs: 120_000, bytes: 64 * 1024 * 1024 }

/** Asks a program for its hosts and groups, and reads them into the tree. Throws UsageError. */
export async function readProgram(source: string, tree: Tree, warn: Warn, limits: Partial<ProgramLimits> = {}): Promise<void> {
  const ask = (...question: readonly string[]): Promise<Part | undefined> => answer(source, question, warn, { ...defaults, ...limits })
  const groups = await ask('--list')
  if (groups === undefined) throw new UsageError(`inventory ${source} --list answered nothing: expected an object of groups as JSON`)
  for (const host of readAnswer(groups, () => `${source} --list`, tree)) {
    const vars = await ask('--host', host.name)
    if (vars !== undefined)
      tree.setHost(
        host,
        settingsOf(vars, () => `${source} --host ${host.name}`),
      )
  }
}

async function answer(source: string, question: readonly string[], warn: Warn, limits: ProgramLimits): Promise<Part | undefined> {
  const { stdout, stderr, ended } = await said(source, question, limits)
  for (const line of stderr.split('\n')) if (line.trim() !== '') warn(`${source}: ${line}`)
  if (ended !== 'exit code 0')
    throw new UsageError(
      `inventory ${source} ${question.join(' ')} ended with ${ended}${stderr.trim() === '' ? ' and said nothing' : '; what it said is above'}`,
    )
  if (stdout.trim() === '') return undefined
  try {
    return partOf(JSON.parse(stdout))
  } catch (cause) {
    throw new UsageError(
      `inventory ${source} ${question.join(' ')}: its answer is not JSON: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
}

interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly ended: string
}

function said(source: string, question: readonly string[], { timeoutMs, bytes }: ProgramLimits): Promise<Said> {
  return new Promise((done, failed) => {
    const child = spawn(resolve(source), question, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const command = `inventory ${source} ${question.join(' ')}`
    const texts = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    let size = 0
    const stop = (why: string): void => {
      clearTimeout(timer)
      if (child.pid !== undefined) killGroup(child.pid)
      failed(new UsageError(`${command} ${why}`))
    }
    const timer = setTimeout(() => stop(`gave no answer within ${timeoutMs / 1000} s and was ended`), timeoutMs)
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > bytes) stop(`said more than ${bytes} bytes and was ended`)
        else texts[name].push(chunk)
      })
    }
    child.once('error', (cause) => stop(`cannot be run: ${cause.message}`))
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      done({
        stdout: Buffer.concat(texts.stdout).toString(),
        stderr: Buffer.concat(texts.stderr).toString(),
        ended: signal === null ? `exit code ${code}` : `signal ${signal}`,
      })
    })
  })
}

/** It and what it started. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
