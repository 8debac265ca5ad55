import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildRelease, type Release } from '../../bastion-agent/release.ts'
import { sha256 } from '../../custody/canonical.ts'
import { VISITS } from './bench.ts'

const ROOT = resolve(import.meta.dirname, '../..')
let home: string
let release: Release
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'skep-release-'))
  release = await buildRelease(join(home, 'first'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

const times = async (dir: string) => {
  const names = await readdir(dir, { recursive: true })
  return Object.fromEntries(await Promise.all(names.sort().map(async (name) => [name, (await stat(join(dir, name))).ino])))
}

describe('a release', () => {
  it('is one file a program, each with its SHA-256', async () => {
    const names = release.files.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['worker.mjs', 'key-host.mjs', 'machine.mjs', 'pipelines/vitals/sample.mjs']))
    expect(await readFile(join(release.dir, 'SHA256SUMS'), 'utf8')).toBe(
      release.files.map(({ sha256: sum, name }) => `${sum}  ${name}\n`).join(''),
    )
    for (const { path, mode, sha256: sum } of release.files) {
      expect(sha256(await readFile(path))).toBe(sum)
      expect((await stat(path)).mode & 0o777).toBe(mode)
    }
  })

  it('is the same, byte for byte, wherever it is built', async () => {
    const other = await buildRelease(join(home, 'second'))
    expect(other.files.map(({ name, sha256: sum }) => [name, sum])).toEqual(release.files.map(({ name, sha256: sum }) => [name, sum]))
  })

  it('needs nothing but Node: it starts where no package is installed', async () => {
    const alone = join(home, 'alone')
    await cp(release.dir, alone, { recursive: true })
    const run = (program: string, ...argv: string[]) =>
      spawnSync(process.execPath, [join(alone, program), ...argv], { cwd: alone, input: '', encoding: 'utf8' })
    expect(run('worker.mjs', join(alone, 'config.json'))).toMatchObject({ status: 1, stderr: 'worker: Error ENOENT\n' })
    await writeFile(join(alone, 'config.json'), '{"door":"SECRET"}')
    const refused = run('worker.mjs', join(alone, 'config.json'))
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('worker: WorkerError: the config does not hold: cloud: ') })
    expect(refused.stderr).not.toContain('SECRET')
    expect(run('key-host.mjs').stdout).toContain('the key host was started without its directory')
  })

  it('has pipelines that run as they are', async () => {
    const [input, output] = [join(home, 'in'), join(home, 'out')]
    for (const directory of [input, output]) await mkdir(directory)
    await writeFile(join(input, 'visits.csv'), VISITS)
    const vitals = join(release.dir, 'pipelines/vitals')
    execFileSync(join(vitals, 'sample.mjs'), [input, output, join(vitals, 'reference')])
    expect(await readFile(join(output, 'summary.csv'), 'utf8')).toContain('P001,2,125,120,130')
  })

  it("keeps openpgp.js's licence notice", async () => {
    for (const name of ['worker.mjs', 'key-host.mjs'])
      expect(await readFile(join(release.dir, name), 'utf8')).toMatch(/\/\*! OpenPGP\.js v[^*]*LGPL licensed code/)
  })

  it('is left as it is when nothing has changed, in a moment', async () => {
    const before = await times(release.dir)
    const start = performance.now()
    expect(await buildRelease(release.dir)).toEqual(release)
    expect(performance.now() - start).toBeLessThan(500)
    expect(await times(release.dir)).toEqual(before)
  })

  it('is made again when one of its files is missing or was changed', async () => {
    await unlink(join(release.dir, 'worker.mjs'))
    await writeFile(join(release.dir, 'pipelines/vitals/reference/ranges.json'), '{}')
    expect(await buildRelease(release.dir)).toEqual(release)
    for (const { path, sha256: sum } of release.files) expect(sha256(await readFile(path))).toBe(sum)
  })

  it('is made again when a source has changed', async () => {
    const root = join(home, 'project')
    await mkdir(root)
    for (const name of ['worker', 'key-host', 'cloud', 'custody']) await cp(join(ROOT, name), join(root, name), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
    await cp(join(ROOT, 'package.json'), join(root, 'package.json'))
    const one = await buildRelease(join(home, 'third'), root)
    const path = join(root, 'worker/pipelines/vitals/summary.ts')
    await writeFile(path, (await readFile(path, 'utf8')).replace('TABLE_DECIMALS = 6', 'TABLE_DECIMALS = 5'))
    const two = await buildRelease(join(home, 'third'), root)
    const changed = two.files.filter(({ sha256: sum }, index) => sum !== one.files[index]?.sha256).map(({ name }) => name)
    expect(changed).toEqual(['pipelines/vitals/consolidate.mjs'])
  })

  it('is whole when several processes build it at once', async () => {
    const dir = join(home, 'many')
    const program = `import { buildRelease } from ${JSON.stringify(join(ROOT, 'bastion-agent/release.ts'))}; await buildRelease(process.argv[1])`
    const builders = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program, dir], { stdio: 'ignore' }),
    )
    expect(await Promise.all(builders.map(async (builder) => (await once(builder, 'exit'))[0]))).toEqual([0, 0, 0])
    const built = await buildRelease(dir)
    expect(built.files.map(({ sha256: sum }) => sum)).toEqual(release.files.map(({ sha256: sum }) => sum))
    for (const { path, sha256: sum } of built.files) expect(sha256(await readFile(path))).toBe(sum)
    expect((await readdir(dir)).sort()).toEqual((await readdir(release.dir)).sort())
  })
})
