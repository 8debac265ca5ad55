import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { layout } from '../../cloud/local/layout.ts'
import { initLocal, openLocal } from '../../cloud/local/open.ts'
import { processes } from '../../cloud/local/processes.ts'
import type { Cloud } from '../../cloud/ports.ts'
import type { CloudMaker, CloudUnderTest } from '../contracts/cloud.ts'

/** The local cloud in a directory of its own, as the contract suites take it. Its machines are real processes. */
export const localMaker: CloudMaker = {
  name: 'cloud/local',
  async make() {
    const dir = await mkdtemp(join(tmpdir(), 'skep-ports-'))
    await initLocal(dir)
    return underTest(dir)
  },
}

function underTest(dir: string): CloudUnderTest {
  const opened: Cloud[] = []
  const open: CloudUnderTest['open'] = async (role, options = {}) => {
    const cloud = await openLocal(dir, role, options)
    opened.push(cloud)
    return cloud
  }
  const runs = async (agent: Cloud, instance: string) =>
    (await agent.compute.describe()).some(({ id, state }) => id === instance && state === 'running')

  return {
    open,
    wait: (promise) => promise,
    pass: (ms) => sleep(ms),
    launchable: { image: 'image', type: 'type', subnet: 'subnet', userData: '{}' },
    async booted(instance) {
      const agent = await openLocal(dir, 'agent')
      try {
        for (let round = 0; round < 300; round++) {
          if ((await runs(agent, instance)) && (await agent.compute.hostKey(instance)) !== undefined) return
          await sleep(50)
        }
        throw new Error(`${instance} has not booted within 15 s`)
      } finally {
        await agent.close()
      }
    },
    async die(instance) {
      for (const pid of processes.withEnvironment(`SKEP_INSTANCE=${instance}`)) process.kill(pid, 'SIGKILL')
    },
    published: () => noticesIn(layout(dir).notices),
    async dispose() {
      const sweeper = await open('sweeper')
      const left = (await sweeper.compute.describe()).filter(({ state }) => state !== 'terminated')
      for (const { id } of left) {
        await sweeper.compute.terminate(id)
        for (let round = 0; round < 100 && (await sweeper.compute.remains(id)).length > 0; round++) await sleep(50)
      }
      for (const cloud of opened) await cloud.close()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function noticesIn(folder: string): Promise<{ id: string; subject: string; text: string }[]> {
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  return texts.map((all) => {
    const parsed = /^Id: (?<id>[^\n]*)\nSubject: (?<subject>[^\n]*)\n\n(?<text>.*)\n$/s.exec(all)?.groups
    return { id: parsed?.['id'] ?? '', subject: parsed?.['subject'] ?? '', text: parsed?.['text'] ?? '' }
  })
}
