import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initHomerKey } from '../../cli/key.ts'
import { withSubmitTo } from '../../cli/submit.ts'
import { layout } from '../../cloud/local/layout.ts'
import { initLocal, openLocal } from '../../cloud/local/open.ts'
import { sampleKey, sealKey } from '../../custody/names.ts'
import { enrolledOwner } from '../../key-host/owners.ts'
import { unfinishedRuns } from '../../owner/plan.ts'
import { makePlan } from '../../owner/submit.ts'

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts')
let home: string
let dir: string
let file: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'skep-cli-'))
  dir = join(home, 'cloud')
  file = join(home, 'visits.csv')
  await writeFile(file, 'one')
  await initHomerKey(dir)
})
afterAll(() => rm(home, { recursive: true, force: true }))

const skep = (...argv: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...argv], {
    encoding: 'utf8',
    cwd: home,
    env: { ...process.env, SKEP_DIR: dir },
  })
  return { code: status, stdout, stderr }
}
const uploads = async (run: string) => {
  const cloud = await openLocal(dir, 'intake')
  const found = await cloud.objects.list('input', `incoming/${run}/`)
  await cloud.close()
  return found.map(({ key }) => key).sort()
}

describe('skep submit', () => {
  it('prints the run on stdout, and what to do next on stderr', async () => {
    const { code, stdout, stderr } = skep('submit', file)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/)
    const run = stdout.trim()
    expect(stderr).toContain(`1 sample submitted as run ${run}`)
    expect(stderr).toContain(`skep fetch ${run} --dir ${dir} -o RESULTS`)
    expect(await uploads(run)).toContain(sealKey(run, 1))
    const keyHost = await openLocal(dir, 'keyHost')
    expect(stderr).toContain((await enrolledOwner(keyHost.secrets, run))?.fingerprint)
    await keyHost.close()
  })

  it('prints one JSON object when asked to', async () => {
    const { code, stdout } = skep('submit', '--json', file)
    expect(code).toBe(0)
    const told = JSON.parse(stdout)
    expect(told).toEqual({
      run: expect.any(String),
      owner: expect.stringMatching(/^[0-9a-f]{40}$/),
      samples: [{ id: expect.any(String), file: expect.stringContaining('visits.csv') }],
    })
    expect(await uploads(told.run)).toEqual([sampleKey(told.run, told.samples[0].id), sealKey(told.run, 1)].sort())
  })

  it('tells of an interrupted one, and finishes it', async () => {
    const { run } = await withSubmitTo(dir, (to) => makePlan(to, { files: [file] }))
    expect(skep('submit', file).stderr).toContain(`the submit of run ${run} was interrupted; finish it with: skep submit --resume ${run}`)
    expect(skep('submit', '--resume', run)).toMatchObject({ code: 0, stdout: `${run}\n` })
    expect((await uploads(run)).length).toBe(2)
    expect(await unfinishedRuns(layout(dir).owner)).toEqual([])
  })

  it('leaves the private name and content of a file nowhere outside of owner/', async () => {
    const secret = join(home, 'Buckaroo Banzai.csv')
    await writeFile(secret, 'a-marked-value')
    const { code, stderr } = skep('submit', secret)
    expect(code).toBe(0)
    expect(stderr).not.toContain('Buckaroo')
    const names = await readdir(dir, { recursive: true, withFileTypes: true })
    for (const entry of names.filter((found) => found.isFile())) {
      const path = join(entry.parentPath, entry.name)
      if (path.startsWith(layout(dir).owner)) continue
      expect(path).not.toContain('Buckaroo')
      const bytes = (await readFile(path)).toString('latin1')
      for (const word of ['Buckaroo', 'a-marked-value']) expect(bytes.includes(word), path).toBe(false)
    }
  })
})

describe('one clear line and exit code 1', () => {
  const cases: Record<string, readonly [argv: () => string[], message: string]> = {
    'submit without a file': [() => ['submit'], 'expected at least one file, or --resume RUN'],
    'submit of a file that is not there': [() => ['submit', 'none.csv'], 'none.csv: there is no such file'],
    'submit of plain text as encrypted': [() => ['submit', '--encrypted', file], 'visits.csv: expected an OpenPGP message'],
    'submit with a key that is none': [() => ['submit', '--owner-key', file, file], 'it is not an OpenPGP key'],
    'resume together with files': [() => ['submit', '--resume', crypto.randomUUID(), file], 'leave them out'],
    'resume of an unknown run': [() => ['submit', '--resume', crypto.randomUUID()], 'no such run was submitted from here'],
    'submit where no cloud is': [() => ['submit', '--dir', join(home, 'none'), file], 'make one with: skep key init'],
    'an unknown flag': [() => ['submit', '--loud', file], "unknown option '--loud'"],
    'fetch without a run': [() => ['fetch', '-o', 'out'], "missing required argument 'run'"],
    'fetch without an output': [() => ['fetch', crypto.randomUUID()], "required option '-o, --out <dir>' not specified"],
    'fetch of an unknown run': [() => ['fetch', crypto.randomUUID(), '-o', 'out'], 'there is no run'],
    'fetch of something else': [() => ['fetch', '../x', '-o', 'out'], 'expected the id of a run, got "../x"'],
    'fetch of an unfinished run': [() => ['fetch', skep('submit', file).stdout.trim(), '-o', 'out'], '0 of 1 samples have a result'],
    'fetch with a key and without opening': [
      () => ['fetch', crypto.randomUUID(), '--encrypted', '--key', file, '-o', 'out'],
      'leave out --key',
    ],
    'fetch into something': [() => ['fetch', crypto.randomUUID(), '-o', '.'], 'expected a new or empty directory'],
    'synth without an output': [() => ['synth'], "required option '-o, --out <dir>' not specified"],
    'synth into a file': [() => ['synth', '-o', file], 'expected a new or empty directory, got a file'],
  }
  for (const [title, [argv, message]] of Object.entries(cases)) {
    it(`for ${title}`, async () => {
      const { code, stdout, stderr } = skep(...argv())
      expect(stderr).toContain(message)
      expect(stderr.trimEnd().split('\n').length).toBe(1)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(await readdir(home)).not.toContain('out')
    })
  }

  it('for a directory without HomerKey, before any upload', async () => {
    const bare = join(home, 'bare')
    await initLocal(bare)
    const { code, stderr } = skep('submit', '--dir', bare, file)
    expect(stderr).toBe(`skep: there is no HomerKey in ${bare} yet; make it with: skep key init --dir ${bare}\n`)
    expect(code).toBe(1)
  })
})
