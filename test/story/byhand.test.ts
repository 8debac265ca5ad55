import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layout } from '../../cloud/local/layout.ts'
import { type Gpg, gpgMissing, openGpg } from '../custody/gpg.ts'
import type { Answer } from './many.ts'
import { type Ended, newStage, type Stage } from './stage.ts'
import { differences, linesOf, otherPrograms } from './table.ts'

test.skipIf(gpgMissing === undefined || process.env['CI'] === undefined)('gpg is needed to try the story by hand', () => {
  expect.unreachable(gpgMissing)
})

describe.skipIf(gpgMissing !== undefined)(
  `the commands by hand, with real gpg${gpgMissing === undefined ? '' : ` (${gpgMissing})`}`,
  () => {
    let stage: Stage
    let gpg: Gpg
    let run: string
    let ids: readonly string[]
    const samples: string[] = []
    const said: Record<string, Ended> = {}

    /** One command, which must go well. */
    async function skep(...argv: readonly string[]): Promise<Ended> {
      const ended = await stage.skep([...argv], { env: { SKEP_DIR: stage.dir } })
      if (ended.code !== 0) throw new Error(`skep ${argv.join(' ')} ended with ${ended.code ?? ended.signal}: ${ended.stderr}`)
      said[argv.slice(0, 2).join(' ')] = ended
      return ended
    }

    beforeAll(async () => {
      stage = newStage()
      gpg = openGpg()
      await skep('key', 'init')
      gpg.run(['--import'], (await skep('key', 'export')).stdout)
      gpg.run(['--passphrase', '', '--quick-generate-key', 'Data Owner <owner@example.org>', 'default', 'default'])
      const owner = gpg.file('owner.asc', gpg.run(['--armor', '--export', 'owner@example.org']))
      gpg.file('owner.secret.asc', gpg.run(['--armor', '--export-secret-keys', 'owner@example.org']))

      const study = join(stage.tmp, 'study')
      await skep('synth', '--patients', '4', '--visits', '60', '--samples', '2', '-o', study)
      samples.push(...readdirSync(join(study, 'samples')).map((name) => join(study, 'samples', name)))
      mkdirSync(join(stage.tmp, 'sent'))
      const encrypted = samples.map((path, index) => {
        const to = join(stage.tmp, 'sent', `${index + 1}.gpg`)
        // One armored, one binary: gpg's users send both.
        gpg.run([...(index === 0 ? ['--armor'] : []), '--recipient', 'Skep HomerKey', '--output', to, '--encrypt', path])
        return to
      })
      run = (await skep('submit', '--encrypted', '--owner-key', owner, ...encrypted)).stdout.trim()
      await skep('agent', '--once')
      await skep('fleet', 'status', '--json')
      const status = JSON.parse(said['fleet status']?.stdout ?? '')
      ids = status.runs[0].samples.map(({ id }: { id: string }) => id)
      await skep('fetch', run, '--encrypted', '-o', join(stage.tmp, 'encrypted'))
      await skep('fetch', run, '--key', join(dirOf(owner), 'owner.secret.asc'), '-o', join(stage.tmp, 'plain'))
      await skep('audit', 'verify')
    }, 180_000)
    afterAll(async () => {
      gpg.close()
      await stage.dispose()
    }, 30_000)

    const dirOf = (file: string): string => file.slice(0, -basename(file).length)
    const plain = (...path: readonly string[]): Buffer => readFileSync(join(stage.tmp, 'plain', ...path))

    test('the status says COMPLETE, and nobody works any more', () => {
      const status = JSON.parse(said['fleet status']?.stdout ?? '')
      expect(status.runs).toEqual([expect.objectContaining({ id: run, state: 'COMPLETE', quiescent: true, notices: ['start', 'done'] })])
      expect(status.workers).toEqual([])
      expect(ids).toHaveLength(2)
    })

    test('fetch --encrypted gives a message for each sample and the table', () => {
      const found = readdirSync(join(stage.tmp, 'encrypted')).filter((name) => name.endsWith('.pgp'))
      expect(found.toSorted()).toEqual([...ids, 'table'].map((unit) => `${unit}.pgp`).toSorted())
    })

    test('gpg opens each of them with the owner’s key, and sees what fetch gives', () => {
      const opened = (unit: string): Buffer => gpg.run(['--decrypt', join(stage.tmp, 'encrypted', `${unit}.pgp`)])
      for (const id of ids) {
        const names = readdirSync(join(stage.tmp, 'plain', 'samples', id))
        expect(names).toEqual(['summary.csv'])
        expect(opened(id).equals(plain('samples', id, 'summary.csv'))).toBe(true)
      }
      expect(opened('table').equals(plain('table.csv'))).toBe(true)
      expect(plain('vitals.svg').toString()).toContain('<svg')
    })

    test('the table is that of the visits', () => {
      const [compute] = Object.values(otherPrograms)
      const lines = linesOf(plain('table.csv').toString()).slice(1)
      expect(lines.map(({ id }) => id)).toEqual(lines.map(({ id }) => id).toSorted())
      if (compute !== undefined) expect(differences(lines, linesOf(compute(samples)))).toEqual([])
    })

    test('no key was made for an owner who has one', () => {
      expect(existsSync(join(layout(stage.dir).owner, 'owner-key.secret.asc'))).toBe(false)
    })

    test('the audit chain holds', () => {
      expect(said['audit verify']?.stdout).toMatch(/^audit chain: [0-9]+ records, every one in its place and signed\n$/)
    })

    describe('audit verify', () => {
      const edited = (line = ''): string => line.replace(/"size":[0-9]+/, '"size":1')
      const received = (chain: readonly string[]): number => chain.findIndex((line) => line.includes('"sample.received"'))

      /** What is done to the chain, and which words tell it. */
      const harm: Readonly<
        Record<string, readonly [tamper: (chain: readonly string[]) => readonly string[], says: (chain: readonly string[]) => string]>
      > = {
        'an edited line': [
          (chain) => chain.with(received(chain), edited(chain[received(chain)])),
          (chain) => `record ${received(chain) + 1} does not have the hash it names: it was edited`,
        ],
        'a deleted line': [(chain) => chain.toSpliced(4, 1), () => 'record 5 says it is number 6: records were deleted, inserted or moved'],
        'swapped lines': [(chain) => chain.with(2, chain[3] ?? '').with(3, chain[2] ?? ''), () => 'record 3 says it is number 4'],
        'a line written twice': [
          (chain) => chain.toSpliced(3, 0, chain[2] ?? ''),
          () => 'record 4 tells again what an earlier record tells',
        ],
        'a cut tail': [
          (chain) => chain.slice(0, -1),
          (chain) => `knows record ${chain.length}, but the chain ends at ${chain.length - 1}: its tail was cut`,
        ],
        'a line that is none': [(chain) => chain.with(1, '{}'), () => 'record 2 is not an audit record in canonical form'],
      }
      let chain: readonly string[]
      let verdicts: readonly Answer[]
      beforeAll(() => {
        chain = readFileSync(layout(stage.dir).chain, 'utf8').trimEnd().split('\n')
        const copies = Object.values(harm).map(([tamper], index) => {
          const copy = join(stage.tmp, `tampered-${index}`)
          cpSync(stage.dir, copy, { recursive: true })
          writeFileSync(layout(copy).chain, `${tamper(chain).join('\n')}\n`)
          return copy
        })
        verdicts = stage.many([...copies, stage.dir].map((dir) => ['audit', 'verify', '--dir', dir]))
      }, 60_000)

      test.each(Object.keys(harm))('finds %s, says which, and ends with 1', (what) => {
        const verdict = verdicts[Object.keys(harm).indexOf(what)]
        expect(verdict).toMatchObject({ code: 1, stdout: '' })
        expect(verdict?.stderr).toContain(harm[what]?.[1](chain))
        expect(verdict?.stderr).toMatch(/^(audit chain: .+\n)+$/)
      })

      test('is content with the chain as it was', () => expect(verdicts.at(-1)).toMatchObject({ code: 0, stderr: '' }))
    })
  },
)
