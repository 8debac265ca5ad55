import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manifestKey, reportKey } from '../../custody/names.ts'
import { decryptWithKey, generateKeyPair } from '../../custody/openpgp.ts'
import { fetchRun } from '../../owner/fetch.ts'
import { secretKeyFile } from '../../owner/keys.ts'
import { submitRun } from '../../owner/submit.ts'
import { HEADER, VISITS } from '../worker/bench.ts'
import { makeOwnerBench, type OwnerBench } from './bench.ts'

let bench: OwnerBench
beforeEach(async () => {
  bench = await makeOwnerBench()
})
afterEach(() => bench.close())

describe('a fetch', () => {
  const second = `${HEADER}\n1939-01-01,P002,110,70,12,60,96,98,140\n`
  const tree = async (out: string) =>
    (await readdir(out, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(out.length + 1))
      .sort()

  it('writes table, plot and each sample, decrypted, for the owner only', async () => {
    const { run, samples } = await bench.worked({ 'a.csv': VISITS, 'b.csv': second })
    await bench.start(await bench.table(run))
    const out = join(bench.home, 'out')
    const { files, failed } = await fetchRun(bench.from, { run, out })
    expect(failed).toEqual([])
    const expected = [...samples.map(({ sample }) => `samples/${sample}/summary.csv`), 'table.csv', 'vitals.svg'].sort()
    expect(await tree(out)).toEqual(expected)
    expect([...files].sort()).toEqual(expected.map((path) => join(out, path)).sort())
    expect(files[0]).toBe(join(out, 'table.csv'))
    expect((await readFile(join(out, 'table.csv'), 'utf8')).split('\n').map((line) => line.split(',')[0])).toEqual([
      'id',
      'P001',
      'P002',
      '',
    ])
    for (const path of files) expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('leaves everything encrypted when asked to', async () => {
    const { run, samples } = await bench.worked({ 'a.csv': VISITS, 'b.csv': second })
    await bench.start(await bench.table(run))
    const out = join(bench.home, 'out')
    await mkdir(out)
    await fetchRun(bench.from, { run, out, encrypted: true })
    expect(await tree(out)).toEqual([...samples.map(({ sample }) => `${sample}.pgp`), 'table.pgp', 'table/2.pgp'].sort())
    const opened = await decryptWithKey(await readFile(join(out, 'table.pgp')), await readFile(secretKeyFile(bench.to.home), 'utf8'))
    expect(opened.filename).toBe('table.csv')
  })

  it("decrypts with a key of the owner's own", async () => {
    const ownerKey = await bench.file('public.asc', bench.owner.public)
    const { run, samples } = await submitRun(bench.to, { files: [await bench.file('a.csv')], ownerKey })
    await bench.start(await bench.uploaded(run, samples[0]?.sample ?? ''))
    await bench.start(await bench.table(run))
    const out = join(bench.home, 'out')
    await expect(fetchRun(bench.from, { run, out })).rejects.toThrow("looking for the owner's secret key")
    const wrong = await bench.file('wrong.asc', (await generateKeyPair({ name: 'another' })).secret)
    await expect(fetchRun(bench.from, { run, out, key: wrong })).rejects.toThrow(
      `the results are encrypted to the key ${bench.owner.fingerprint}`,
    )
    await expect(fetchRun(bench.from, { run, out, key: await bench.file('none.asc', 'x') })).rejects.toThrow('secret key')
    expect(await readdir(bench.home)).not.toContain('out')
    await fetchRun(bench.from, { run, out, key: await bench.file('secret.asc', bench.owner.secret) })
    expect(await tree(out)).toContain('table.csv')
  })

  it('refuses a run that is not known, and one that is not finished, and says what is missing', async () => {
    const out = join(bench.home, 'out')
    await expect(fetchRun(bench.from, { run: 'my-run', out })).rejects.toThrow('expected the id of a run, got "my-run"')
    const unknown = crypto.randomUUID()
    await expect(fetchRun(bench.from, { run: unknown, out })).rejects.toThrow(`there is no run ${unknown} here`)
    const { run } = await bench.worked({ 'a.csv': VISITS, 'b.csv': 'broken' })
    await expect(fetchRun(bench.from, { run, out })).rejects.toThrow(
      `run ${run} is not finished: 1 of 2 samples have a result, and the run's table is missing`,
    )
    expect(await readdir(bench.home)).not.toContain('out')
  })

  it('refuses an output that has something in it', async () => {
    const { run } = await bench.worked({ 'a.csv': VISITS })
    await bench.start(await bench.table(run))
    await expect(fetchRun(bench.from, { run, out: bench.home })).rejects.toThrow('expected a new or empty directory')
  })

  it('tells which samples have no result, and why', async () => {
    const { run, samples } = await bench.worked({ 'a.csv': VISITS, 'b.csv': 'broken' })
    await bench.start(await bench.table(run))
    const [fine, broken] = samples
    const report = {
      run,
      state: 'COMPLETE_WITH_FAILURES',
      samples: [
        { id: fine?.sample, state: 'DONE' },
        { id: broken?.sample, state: 'FAILED', class: 'pipeline-crash' },
      ],
    }
    await bench.world.objects.put('output', reportKey(run), Buffer.from(JSON.stringify(report)))
    const { failed } = await fetchRun(bench.from, { run, out: join(bench.home, 'out') })
    expect(failed).toEqual([{ sample: broken?.sample, class: 'pipeline-crash', path: broken?.path }])
    expect(basename(failed[0]?.path ?? '')).toBe('b.csv')
  })

  it('says so when a run has ended without a single result', async () => {
    const { run, samples } = await bench.worked({ 'b.csv': 'broken' })
    const report = { run, state: 'COMPLETE_WITH_FAILURES', samples: [{ id: samples[0]?.sample, state: 'FAILED', class: 'pipeline-crash' }] }
    await bench.world.objects.put('output', reportKey(run), Buffer.from(JSON.stringify(report)))
    await expect(fetchRun(bench.from, { run, out: join(bench.home, 'out') })).rejects.toThrow('none of its samples has a result')
  })

  it('refuses what is not what was published, and then leaves nothing', async () => {
    const { run } = await bench.worked({ 'a.csv': VISITS })
    await bench.start(await bench.table(run))
    const read = (key: string) => bench.bytes('output', key)
    const manifest = JSON.parse((await read(manifestKey(run, 'table'))).toString())
    const [{ key }] = manifest.files
    const good = await read(key)
    for (const [bytes, message] of [
      [Buffer.concat([good.subarray(0, -1), Buffer.from([(good.at(-1) ?? 0) ^ 1])]), 'expected the'],
      [Buffer.concat([good, Buffer.from('x')]), 'got more'],
      [good.subarray(1), 'expected the'],
    ] as const) {
      await bench.world.objects.put('output', key, bytes)
      for (const encrypted of [true, false])
        await expect(fetchRun(bench.from, { run, out: join(bench.home, 'out'), encrypted })).rejects.toThrow(message)
    }
    await bench.world.objects.delete('output', key)
    await expect(fetchRun(bench.from, { run, out: join(bench.home, 'out') })).rejects.toThrow('it is published, but not there')
    const elsewhere = { ...manifest, files: [{ ...manifest.files[0], key: `runs/${crypto.randomUUID()}/table/attempt-1/1.pgp` }] }
    await bench.world.objects.put('output', manifestKey(run, 'table'), Buffer.from(JSON.stringify(elsewhere)))
    await expect(fetchRun(bench.from, { run, out: join(bench.home, 'out') })).rejects.toThrow('expected the manifest of this result')
    expect(await readdir(bench.home)).not.toContain('out')
  })

  it('makes hostile names of result files safe, and keeps two of one name apart', async () => {
    const { run, samples } = await submitRun(bench.to, { files: [await bench.file('a.csv')] })
    const pipeline = join(bench.home, 'pipeline')
    await writeFile(pipeline, '#!/bin/sh\necho 1 > "$2/a b"; echo 2 > "$2/a?b"; echo 3 > "$2/-x"\n', { mode: 0o755 })
    await bench.start(await bench.uploaded(run, samples[0]?.sample ?? ''), { pipeline })
    const table = join(bench.home, 'table')
    await writeFile(table, '#!/bin/sh\necho done > "$2/table.csv"\n', { mode: 0o755 })
    await bench.start(await bench.table(run), { pipeline: table })
    const out = join(bench.home, 'out')
    await fetchRun(bench.from, { run, out })
    expect(await tree(out)).toEqual([...['2-a_b', 'a_b', 'x'].map((name) => `samples/${samples[0]?.sample}/${name}`), 'table.csv'])
  })
})

const gpg = spawnSync('gpg', ['--version']).error === undefined
describe.skipIf(!gpg)(`with gpg itself${gpg ? '' : ' (not here)'}`, () => {
  const inGpg = (argv: readonly string[], input?: Uint8Array) => {
    const run = spawnSync('gpg', ['--homedir', join(bench.home, 'g'), '--batch', '--quiet', '--yes', '--trust-model', 'always', ...argv], {
      input,
    })
    if (run.status !== 0) throw new Error(`gpg ${argv.join(' ')}: ${run.stderr}`)
    return run.stdout
  }
  beforeEach(() => mkdir(join(bench.home, 'g'), { mode: 0o700 }))
  afterEach(() => void spawnSync('gpgconf', ['--homedir', join(bench.home, 'g'), '--kill', 'all']))

  it('a file that it encrypted goes all the way, and it opens the result', async () => {
    inGpg(['--import'], Buffer.from(bench.to.homer))
    inGpg(['--passphrase', '', '--quick-gen-key', 'owner@example.org', 'future-default', 'default', 'never'])
    const ownerKey = await bench.file('owner.pub', inGpg(['--export', 'owner@example.org']))
    const plain = await bench.file('visits.csv')
    const files = [join(bench.home, 'binary.gpg'), join(bench.home, 'armored.asc'), join(bench.home, 'hidden.gpg')]
    for (const [index, more] of [[], ['--armor'], ['--throw-keyids']].entries()) {
      inGpg([...more, '--recipient', bench.homer.fingerprint, '--output', files[index] ?? '', '--encrypt', plain])
    }
    const { run, samples } = await submitRun(bench.to, { files, encrypted: true, ownerKey })
    for (const { sample } of samples) {
      expect(await bench.start(await bench.uploaded(run, sample))).toEqual({ outcome: 'published' })
    }
    await bench.start(await bench.table(run))
    const out = join(bench.home, 'out')
    await fetchRun(bench.from, { run, out, encrypted: true })
    expect(inGpg(['--decrypt', join(out, 'table.pgp')]).toString()).toContain('P001,6,125.000000,120,130')
    expect(inGpg(['--decrypt', join(out, `${samples[0]?.sample}.pgp`)]).toString()).toContain('P001,2,125,120,130')
  })
})
