/** Runs the pipeline: an ordinary program that gets three directories and is judged by its exit code. */
import { spawn } from 'node:child_process'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { SampleFailure, WorkerError } from './failure.ts'

export interface PipelineRun {
  readonly executable: string
  readonly reference: string
  /** Holds `input`, `output` and the pipeline's own `work`. */
  readonly scratch: string
  readonly timeoutMs: number
}

/** Resolves when it ended well. Throws a SampleFailure `pipeline-crash` or `pipeline-timeout`. Nothing it started lives on. */
export async function runPipeline({ executable, reference, scratch, timeoutMs }: PipelineRun): Promise<void> {
  const work = join(scratch, 'work')
  await mkdir(work, { recursive: true, mode: 0o700 })
  const [stdout, stderr] = [await open(join(scratch, 'stdout'), 'w', 0o600), await open(join(scratch, 'stderr'), 'w', 0o600)]
  try {
    const argv = [join(scratch, 'input'), join(scratch, 'output'), reference]
    await run(executable, argv, work, [stdout, stderr], timeoutMs)
  } finally {
    await stdout.close()
    await stderr.close()
  }
}

function run(
  executable: string,
  argv: readonly string[],
  work: string,
  [stdout, stderr]: readonly [FileHandle, FileHandle],
  timeoutMs: number,
) {
  return new Promise<void>((resolve, reject) => {
    // Its own process group, so that what it leaves behind ends with it.
    const child = spawn(executable, argv, { cwd: work, env: cleanEnv(work), stdio: ['ignore', stdout.fd, stderr.fd], detached: true })
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

/** Nothing of the worker's own, but for the two marks by which its machine finds every process that belongs to it. */
function cleanEnv(work: string): NodeJS.ProcessEnv {
  const marks = ['SKEP_INSTANCE', 'SKEP_CLOUD'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter)
  return { PATH: path, HOME: work, TMPDIR: work, LANG: 'C.UTF-8', ...Object.fromEntries(marks) }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}
