/** The lab itself: alone in its network, and gone with whoever started it. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startLab, withoutLab } from '../lab/aws/lab.ts'

const missing = (await withoutLab()) ?? (existsSync('/proc/self/stat') ? undefined : 'processes are looked for in /proc, which is not here')

/** The processes that a process started, and those that they did. */
function offspring(parent: number): readonly number[] {
  const parents = readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      return [
        [
          Number(pid),
          Number(
            readFileSync(join('/proc', pid, 'stat'), 'utf8')
              .split(') ')[1]
              ?.split(' ')[1],
          ),
        ] as const,
      ]
    } catch {
      return []
    }
  })
  const children = parents.filter(([, of]) => of === parent).map(([pid]) => pid)
  return children.flatMap((child) => [child, ...offspring(child)])
}

async function allGone(pids: readonly number[]): Promise<readonly number[]> {
  const limit = Date.now() + 10_000
  const left = (): readonly number[] => pids.filter((pid) => existsSync(`/proc/${pid}/exe`))
  while (left().length > 0 && Date.now() < limit) await sleep(50)
  return left()
}

describe.skipIf(missing !== undefined)(`the lab${missing === undefined ? '' : ` (${missing})`}`, () => {
  test.each(['SIGTERM', 'SIGKILL', 'no more input'] as const)('is gone when its program gets %s', async (end) => {
    const program = spawn(process.execPath, [join(import.meta.dirname, '../lab/aws/main.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
    await new Promise((ready) => program.stdout.once('data', ready))
    const processes = offspring(program.pid ?? 0)
    expect(processes.length).toBeGreaterThanOrEqual(2)
    if (end === 'no more input') program.stdin.end()
    else program.kill(end)
    expect(await allGone([program.pid ?? 0, ...processes])).toEqual([])
  })

  test('is gone with its test, and knows nobody else', async () => {
    const before = offspring(process.pid)
    await using lab = await startLab()
    const processes = offspring(process.pid).filter((pid) => !before.includes(pid))
    const { stdout } = await lab.run('sh', ['-c', 'env'], { environment: {} })
    expect(stdout).not.toMatch(/amazonaws|^AWS_(PROFILE|SESSION_TOKEN)=/m)
    expect(stdout).toMatch(/^AWS_ACCESS_KEY_ID=test$/m)
    await lab[Symbol.asyncDispose]()
    expect(await allGone(processes)).toEqual([])
  })
})
