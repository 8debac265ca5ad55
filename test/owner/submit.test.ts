import { readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseIncoming, sampleKey, sealKey } from '../../custody/names.ts'
import { decryptWithKey, encryptTo, generateKeyPair } from '../../custody/openpgp.ts'
import { homerKey } from '../../key-host/homer-key.ts'
import { enrolledOwner } from '../../key-host/owners.ts'
import { secretKeyFile } from '../../owner/keys.ts'
import { readPlan, unfinishedRuns } from '../../owner/plan.ts'
import { makePlan, resumeRun, type SubmitHooks, type SubmitTo, submitRun } from '../../owner/submit.ts'
import { makeOwnerBench, type OwnerBench } from './bench.ts'

let bench: OwnerBench
beforeEach(async () => {
  bench = await makeOwnerBench()
})
afterEach(() => bench.close())

describe('a submit', () => {
  it('uploads each file encrypted to HomerKey under a random name, its own name inside, and seals the run', async () => {
    const files = [await bench.file('Doe, John 1938.csv', 'one'), await bench.file('b/visits.csv', 'two')]
    const { run, samples } = await submitRun(bench.to, { files })
    const keys = await bench.uploads()
    expect(keys.sort()).toEqual([...samples.map(({ sample }) => sampleKey(run, sample)), sealKey(run, 2)].sort())
    for (const key of keys) expect(parseIncoming(key)).toBeDefined()
    const secret = (await homerKey(bench.keyHost.cloud.secrets)) ?? ''
    const opened = await Promise.all(
      samples.map(async ({ sample }) => decryptWithKey(await bench.bytes('input', sampleKey(run, sample)), secret)),
    )
    expect(opened.map(({ data, filename }) => [filename, Buffer.from(data).toString()])).toEqual([
      ['Doe, John 1938.csv', 'one'],
      ['visits.csv', 'two'],
    ])
    expect((await bench.bytes('input', sealKey(run, 2))).length).toBe(0)
  })

  it('seals last, and makes the owner known before the first upload', async () => {
    const order: string[] = []
    const enrol: SubmitTo['enrol'] = (run, armored) => {
      order.push('enrol')
      return bench.to.enrol(run, armored)
    }
    const hooks: SubmitHooks = {
      afterPut: ({ index, count, sample }) => void order.push(`${sample === undefined ? 'seal' : 'sample'} ${index + 1}/${count}`),
    }
    await submitRun({ ...bench.to, enrol }, { files: [await bench.file('a'), await bench.file('b')] }, hooks)
    expect(order).toEqual(['enrol', 'sample 1/3', 'sample 2/3', 'seal 3/3'])
  })

  it('makes the owner a key at the first time and keeps it', async () => {
    const one = await submitRun(bench.to, { files: [await bench.file('a')] })
    const two = await submitRun(bench.to, { files: [await bench.file('a')] })
    expect(two.owner.fingerprint).toBe(one.owner.fingerprint)
    expect(two.run).not.toBe(one.run)
    expect((await stat(secretKeyFile(bench.to.home))).mode & 0o777).toBe(0o600)
    expect((await stat(bench.to.home)).mode & 0o777).toBe(0o700)
    for (const { run } of [one, two])
      expect((await enrolledOwner(bench.keyHost.cloud.secrets, run))?.fingerprint).toBe(one.owner.fingerprint)
  })

  it('makes one key when two submits are the first at once', async () => {
    const files = [await bench.file('a')]
    const both = await Promise.all([submitRun(bench.to, { files }), submitRun(bench.to, { files })])
    expect(new Set(both.map(({ owner }) => owner.fingerprint)).size).toBe(1)
  })

  it('takes another public key, armored or not', async () => {
    const ownerKey = await bench.file('owner.asc', bench.owner.public)
    const { owner, run } = await submitRun(bench.to, { files: [await bench.file('a')], ownerKey })
    expect(owner.fingerprint).toBe(bench.owner.fingerprint)
    expect((await enrolledOwner(bench.keyHost.cloud.secrets, run))?.fingerprint).toBe(bench.owner.fingerprint)
    expect((await readdir(bench.to.home)).sort()).toEqual(['submits'])
  })

  it('takes files that are encrypted already, and dearmors them', async () => {
    const message = await bench.encrypt('one')
    const armor = `-----BEGIN PGP MESSAGE-----\n\n${Buffer.from(message).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PGP MESSAGE-----\n`
    const files = [await bench.file('a.pgp', message), await bench.file('a.asc', armor)]
    const { run, samples } = await submitRun(bench.to, { files, encrypted: true })
    for (const { sample } of samples) expect(await bench.bytes('input', sampleKey(run, sample))).toEqual(Buffer.from(message))
  })

  it('lets a hook see each put and change its bytes', async () => {
    const files = [await bench.file('a'), await bench.file('b')]
    const { run, samples } = await submitRun(
      bench.to,
      { files },
      { beforePut: ({ index }) => (index === 1 ? Buffer.from('spoilt') : undefined) },
    )
    expect((await bench.bytes('input', sampleKey(run, samples[1]?.sample ?? ''))).toString()).toBe('spoilt')
    expect((await bench.bytes('input', sampleKey(run, samples[0]?.sample ?? ''))).toString()).not.toBe('spoilt')
  })
})

describe('a submit that cannot be', () => {
  const other = generateKeyPair({ name: 'another' })
  type Given = { readonly files: string[]; readonly encrypted?: boolean; readonly ownerKey?: string }
  const cases: Record<string, readonly [given: () => Promise<Given>, message: string]> = {
    'has no file': [async () => ({ files: [] }), 'expected at least one file'],
    'names a file that is not there': [async () => ({ files: [await bench.file('a'), '/nowhere/b'] }), '/nowhere/b: there is no such file'],
    'names a directory': [async () => ({ files: [await bench.file('a'), bench.home] }), 'expected a plain file'],
    'names a device': [async () => ({ files: ['/dev/null'] }), '/dev/null: expected a plain file'],
    'names an empty file': [async () => ({ files: [await bench.file('a'), await bench.file('b', '')] }), 'b: it is empty'],
    'names a file twice, once by a link': [
      async () => {
        const path = await bench.file('a')
        await symlink(path, join(bench.home, 'link'))
        return { files: [path, join(bench.home, 'link')] }
      },
      'link: this file is named twice',
    ],
    'names a file that is too large': [
      async () => {
        const path = await bench.file('large')
        await truncate(path, 256 * 1024 * 1024 + 1)
        return { files: [path] }
      },
      'expected at most 256 MiB, got 257 MiB',
    ],
    'says that plain text is encrypted': [
      async () => ({ files: [await bench.file('a')], encrypted: true }),
      'a: expected an OpenPGP message',
    ],
    'brings a message to somebody else': [
      async () => ({ files: [await bench.file('a', await encryptTo([(await other).public], Buffer.from('x'), 'x'))], encrypted: true }),
      'a: it is not encrypted to HomerKey',
    ],
    'brings broken armor': [
      async () => ({ files: [await bench.file('a', '-----BEGIN PGP MESSAGE-----\n\n!!!\n-----END PGP MESSAGE-----\n')], encrypted: true }),
      'a: expected an OpenPGP message',
    ],
    'brings a message that is cut in its packets': [
      async () => ({ files: [await bench.file('a', (await bench.encrypt('x')).slice(0, 60))], encrypted: true }),
      'a: expected an OpenPGP message, got a broken one',
    ],
    'brings a secret key for a public one': [
      async () => ({ files: [await bench.file('a')], ownerKey: await bench.file('key', (await other).secret) }),
      'it is a secret key',
    ],
    'brings something else for a key': [
      async () => ({ files: [await bench.file('a')], ownerKey: await bench.file('key') }),
      'it is not an OpenPGP key',
    ],
    'brings a key that is not there': [
      async () => ({ files: [await bench.file('a')], ownerKey: '/nowhere/key' }),
      '--owner-key: cannot read /nowhere/key (ENOENT)',
    ],
  }
  for (const [title, [given, message]] of Object.entries(cases)) {
    it(`because it ${title} uploads nothing and leaves no plan`, async () => {
      await expect(submitRun(bench.to, await given())).rejects.toThrow(message)
      expect(await bench.uploads()).toEqual([])
      expect(await unfinishedRuns(bench.to.home)).toEqual([])
      expect(await bench.world.secrets.list('owners/')).toEqual([`owners/${bench.run}`])
    })
  }

  it('prints a hostile file name escaped', async () => {
    await expect(submitRun(bench.to, { files: ['/nowhere/\u001b[31mred'] })).rejects.toThrow(
      '/nowhere/\\u{1b}[31mred: there is no such file',
    )
  })
})

describe('an interrupted submit', () => {
  for (const at of [0, 1, 2]) {
    for (const when of ['beforePut', 'afterPut'] as const) {
      it(`(${when} ${at + 1} of 3) is finished with the same ids, nothing twice`, async () => {
        const files = [await bench.file('a'), await bench.file('b')]
        const died = { [when]: ({ index }: { index: number }) => (index === at ? Promise.reject(new Error('killed')) : undefined) }
        await expect(submitRun(bench.to, { files }, died)).rejects.toThrow('killed')
        const [run = ''] = await unfinishedRuns(bench.to.home)
        const before = new Map(
          await Promise.all((await bench.uploads()).map(async (key) => [key, await bench.bytes('input', key)] as const)),
        )
        const done = await resumeRun(bench.to, run)
        expect((await bench.uploads()).sort()).toEqual(
          [...done.samples.map(({ sample }) => sampleKey(run, sample)), sealKey(run, 2)].sort(),
        )
        for (const [key, bytes] of before) expect(await bench.bytes('input', key)).toEqual(bytes)
        expect(await unfinishedRuns(bench.to.home)).toEqual([])
        expect(await resumeRun(bench.to, run)).toEqual(done)
      })
    }
  }

  it('has its plan on disk before anything is uploaded', async () => {
    const plan = await makePlan(bench.to, { files: [await bench.file('a')] })
    expect(await bench.uploads()).toEqual([])
    expect(await readPlan(bench.to.home, plan.run)).toEqual(plan)
    expect((await stat(join(bench.to.home, 'submits', `${plan.run}.json`))).mode & 0o777).toBe(0o600)
    expect(await unfinishedRuns(bench.to.home)).toEqual([plan.run])
    expect((await resumeRun(bench.to, plan.run)).samples).toEqual(plan.files.map(({ sample, path }) => ({ sample, path })))
  })

  it('is not finished with a file that has changed since', async () => {
    const path = await bench.file('a')
    const { run } = await makePlan(bench.to, { files: [path] })
    await writeFile(path, 'other')
    await expect(resumeRun(bench.to, run)).rejects.toThrow('it has changed since the submit began')
    expect(await bench.uploads()).toEqual([])
  })

  it('must be one from here', async () => {
    await expect(resumeRun(bench.to, crypto.randomUUID())).rejects.toThrow('no such run was submitted from here')
    await expect(resumeRun(bench.to, '../../etc')).rejects.toThrow('--resume: expected the id of a run, got "../../etc"')
  })
})
