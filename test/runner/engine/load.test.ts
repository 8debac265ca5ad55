/** Five hundred hosts with fifty tasks each, 20 ms away: what that asks of this process. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { go, hosts, latency, set, World } from './world.ts'

const keys = Array.from({ length: 50 }, (_, index) => `k${index}`)
const all = hosts(500)

test.each([
  ['converged', Object.fromEntries(keys.map((key) => [key, 'on']))],
  ['first', {}],
])('a %s run of 500 hosts x 50 tasks keeps memory bounded and the event loop free', { timeout: 120_000 }, async (_, state) => {
  const world = new World(latency(20), Object.fromEntries(all.map(({ name }) => [name, state])))
  const watched = watch()
  const { summary } = await go({ tasks: () => keys.map((key) => set(key)), hosts: all, world, forks: 50, tell: () => undefined })
  const { mebibytes, stall } = watched.end()
  expect(Object.values(summary.hosts).every(({ ok }) => ok === 50)).toBe(true)
  expect(stall, 'ms of work without a turn of the event loop').toBeLessThan(100)
  expect(mebibytes, 'MiB of heap').toBeLessThan(256)
})

/** The most heap, and the most work between two turns of the event loop. Work, not time: others use this machine too. */
function watch() {
  const before = process.memoryUsage().heapUsed
  let [most, stall, last] = [before, 0, worked()]
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed)
    stall = Math.max(stall, worked() - last)
    last = worked()
  }, 5)
  return {
    end() {
      clearInterval(timer)
      return { mebibytes: (most - before) / 2 ** 20, stall }
    },
  }
}

/** Milliseconds that the thread which runs us has worked: the collector has threads of its own. Node 22 cannot tell, and Linux can. */
function worked(): number {
  if ('threadCpuUsage' in process) {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  return Number(readFileSync(`/proc/self/task/${(process as NodeJS.Process).pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
}
