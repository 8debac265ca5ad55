/** Runs the pipeline: an ordinary program that gets three directories and is judged by its exit code. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { SampleFailure, WorkerError } from './failure.ts'

export interface PipelineRun {
  readonly executable: string
  readonly reference: string
  /** Holds `input`, `output` and the pipeline's own `work`. */
  readonly scratch: string
  readonly timeoutMs: number
  /** Environment variables that the pipeline's processes are known by. */
  readonly marks: Readonly<Record<string, string>>
}

/** Resolves when it ended well. Throws a SampleFailure `pipeline-crash` or `pipeline-timeout`. Nothing it started lives on. */
export async function runPipeline({ executable, reference, scratch, timeoutMs, marks }: PipelineRun): Promise<void> {
  const work = join(scratch, 'work')
  await mkdir(work, { recursive: true, mode: 0o700 })
  const [stdout, stderr] = [await open(join(scratch, 'stdout'), 'w', 0o600), await open(join(scratch, 'stderr'), 'w', 0o600)]
  try {
    const argv = [join(scratch, 'input'), join(scratch, 'output'), reference]
    const child = spawn(executable, argv, {
      cwd: work,
      env: cleanEnv(work, marks),
      stdio: ['ignore', stdout.fd, stderr.fd],
      // Its own process group, so that what it leaves behind ends with it.
      detached: true,
    })
    await ended(child, timeoutMs)
  } finally {
    await stdout.close()
    await stderr.close()
  }
}

function ended(child: ChildProcess, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(child.pid)
    }, timeoutMs)
    child.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      // Not the sample's fault: it is not installed as it should be.
      reject(new WorkerError(`the pipeline could not be started (${cause.code})`, { cause }))
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      killGroup(child.pid)
      if (late) reject(new SampleFailure('pipeline-timeout', `the pipeline was stopped after ${timeoutMs} ms`))
      else if (code !== 0) reject(new SampleFailure('pipeline-crash', `the pipeline ended with ${signal ?? `exit code ${code}`}`))
      else resolve()
    })
  })
}

/** Nothing of the worker's own, but for the marks by which its machine finds every process that belongs to it. */
function cleanEnv(work: string, marks: PipelineRun['marks']): Record<string, string> {
  const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter)
  return { ...marks, PATH: path, HOME: work, TMPDIR: work, LANG: 'C.UTF-8' }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}
