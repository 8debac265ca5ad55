/** An owner with files of their own, before a whole fleet in memory. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enrolOwner } from '../../key-host/owners.ts'
import { type SubmitTo, type Submitted, submitRun } from '../../owner/submit.ts'
import { makeBench, VISITS } from '../worker/bench.ts'

export type OwnerBench = Awaited<ReturnType<typeof makeOwnerBench>>

export async function makeOwnerBench() {
  const bench = await makeBench()
  const home = await mkdtemp(join(tmpdir(), 'skep-owner-'))
  const objects = bench.world.open('owner').objects
  const to: SubmitTo = {
    objects,
    enrol: (run, armored) => enrolOwner(bench.keyHost.cloud.secrets, run, armored),
    home: join(home, 'owner'),
    homer: bench.homer.armored,
  }
  async function file(name: string, content: string | Uint8Array = VISITS): Promise<string> {
    const path = join(home, name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, content)
    return path
  }
  return {
    ...bench,
    home,
    to,
    from: { objects, home: to.home },
    /** Writes a file of the owner's. */
    file,
    /** Submits these files and lets workers do everything but the table. */
    async worked(texts: Readonly<Record<string, string>>): Promise<Submitted> {
      const files = await Promise.all(Object.entries(texts).map(([name, text]) => file(name, text)))
      const done = await submitRun(to, { files })
      for (const { sample } of done.samples) await bench.start(await bench.uploaded(done.run, sample))
      return done
    },
    async bytes(bucket: 'input' | 'output', key: string): Promise<Buffer> {
      return Buffer.concat(await Array.fromAsync((await bench.world.objects.get(bucket, key)).body))
    },
    uploads: async () => (await bench.world.objects.list('input', '')).map(({ key }) => key),
    async close() {
      await rm(home, { recursive: true, force: true })
      await bench.close()
    },
  }
}
