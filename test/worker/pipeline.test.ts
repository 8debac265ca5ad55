import { readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, makeBench, VISITS } from './bench.ts'

let bench: Bench
beforeEach(async () => {
  bench = await makeBench()
})
afterEach(() => bench.close())

describe('a pipeline', () => {
  const cases: Record<string, { readonly does: string; readonly ends: string }> = {
    'ends with an error': { does: 'echo x > "$2/out"; exit 3', ends: 'pipeline-crash' },
    'dies of a signal': { does: 'kill -SEGV $$', ends: 'pipeline-crash' },
    'writes nothing': { does: 'exit 0', ends: 'no-output' },
    'writes a link': { does: 'ln -s /etc/passwd "$2/out"', ends: 'pipeline-crash' },
    'writes a directory': { does: 'mkdir "$2/out"', ends: 'pipeline-crash' },
    'writes a pipe': { does: 'mkfifo "$2/out"', ends: 'pipeline-crash' },
    'writes too much': { does: 'head -c 1100000 /dev/zero > "$2/out"', ends: 'too-large' },
    'writes too many files': { does: 'i=0; while [ $i -lt 1001 ]; do : > "$2/$i"; i=$((i+1)); done', ends: 'too-large' },
    'takes too long': { does: 'sleep 60', ends: 'pipeline-timeout' },
    'takes too long and ignores signals': { does: "trap '' TERM INT HUP; while :; do sleep 1; done", ends: 'pipeline-timeout' },
  }
  for (const [title, { does, ends }] of Object.entries(cases)) {
    it(`that ${title} ends the sample ${ends}`, async () => {
      const job = await bench.sample(await bench.encrypt(VISITS))
      const pipelineTimeoutMs = ends === 'pipeline-timeout' ? 300 : 10_000
      expect(await bench.start(job, { pipeline: await bench.script(does), pipelineTimeoutMs })).toEqual({ outcome: 'failed', class: ends })
      expect(await bench.manifest(job.signed.ticket.unit)).toBeUndefined()
    })
  }

  it('that is not there ends this attempt only', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    await expect(bench.start(job, { pipeline: '/nowhere/pipeline' })).rejects.toThrow('the pipeline could not be started (ENOENT)')
    expect(await bench.end(job)).toBeUndefined()
  })

  it('leaves no process behind, neither when it ends nor when it is stopped', async () => {
    const pids: number[] = []
    for (const [rest, pipelineTimeoutMs] of [
      ['', 10_000],
      ['; sleep 60', 400],
    ] as const) {
      const note = join(bench.scratch, '..', `${bench.run}-${pipelineTimeoutMs}`)
      const pipeline = await bench.script(`sleep 300 & echo $! > ${note}; echo x > "$2/out"${rest}`)
      await bench.start(await bench.sample(await bench.encrypt(VISITS)), { pipeline, pipelineTimeoutMs })
      pids.push(Number(await readFile(note, 'utf8')))
      await rm(note)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
    for (const pid of pids) expect(isRunning(pid), `process ${pid}`).toBe(false)
  })

  it('gets three directories, a work directory, a clean environment and no words out', async () => {
    process.env['SKEP_PLANTED'] = 'from the worker'
    const pipeline = await bench.script(
      '[ -d "$1" ] && [ -d "$2" ] && [ -f "$3/ranges.json" ] || exit 9; env | sort > "$2/env"; pwd > "$2/pwd"; echo words; echo words >&2; cat > "$2/stdin"',
    )
    const job = await bench.sample(await bench.encrypt(VISITS))
    await bench.start(job, { pipeline })
    delete process.env['SKEP_PLANTED']
    const files = (await bench.manifest(job.signed.ticket.unit))?.files ?? []
    const opened = await Promise.all(files.map(({ key }) => bench.opened(key)))
    expect(opened.map(({ name }) => name)).toEqual(['env', 'pwd', 'stdin'])
    const [env, pwd, stdin] = opened.map(({ text }) => text)
    const names = env?.split('\n').flatMap((line) => line.split('=')[0] ?? '')
    expect(names?.filter((name) => !['', '_', 'OLDPWD', 'SHLVL'].includes(name))).toEqual([
      'HOME',
      'LANG',
      'PATH',
      'PWD',
      'SKEP_INSTANCE',
      'TMPDIR',
    ])
    expect(pwd).toContain(bench.scratch)
    expect(stdin).toBe('')
  })
})

/** A process that ended and was not reaped yet does not run. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
