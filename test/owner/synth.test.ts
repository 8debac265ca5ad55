import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { synthCommand } from '../../cli/synth.ts'
import { sha256 } from '../../custody/canonical.ts'
import { seeded } from '../../owner/random.ts'
import { makeStudy } from '../../owner/study.ts'
import { synth } from '../../owner/synth.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'skep-synth-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const rows = async (path: string): Promise<string[][]> =>
  (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))
const small = { patients: 10, visits: 200, seed: 5 }

describe('the synthetic study', () => {
  it('is the same for the same seed, byte for byte, as it always was', async () => {
    const { out } = await synth({ patients: 100, visits: 10_000, seed: 1938, out: join(home, 'a') })
    const sums = await Promise.all(
      ['patients.csv', 'patientParameters.csv', 'timeseries.csv'].map(async (name) => sha256(await readFile(join(out, name)))),
    )
    expect(sums).toMatchInlineSnapshot(`
      [
        "afc49b0fdac66afb75702db504c28799cb1c79ac84df03060ed107a86fb1769f",
        "2be5ff2b2e81959e9fb0adc986b33095bdf6df4f5a6d4a52b417cd9aabbed823",
        "df82193ca0945fb40e0571e9eb4d208b2ccb4913b84c9099398321d9f41da90c",
      ]
    `)
  })

  it('is another one for another seed', async () => {
    const [one, two] = [await synth({ ...small, out: join(home, 'a') }), await synth({ ...small, seed: 6, out: join(home, 'b') })]
    expect(await readFile(join(one.out, 'timeseries.csv'))).not.toEqual(await readFile(join(two.out, 'timeseries.csv')))
  })

  it('keeps its patients when there are more visits', () => {
    const names = (visits: number) => makeStudy({ ...small, visits }).patients.map(({ surname, id }) => surname + id)
    expect(names(500)).toEqual(names(20))
  })

  it('has the columns of the field notes', async () => {
    const { out } = await synth({ ...small, out: join(home, 'a') })
    expect((await rows(join(out, 'patients.csv')))[0]).toEqual(['Surname', 'Given name', 'DOB', 'height', 'ID'])
    expect((await rows(join(out, 'timeseries.csv')))[0]?.join()).toBe(
      'date,ID,systol,diastol,resp.rate,heart rate,OSat,temp,weight,BMI,BaseE,TPain,DK,sum BaseE,sum TPain,sum DK',
    )
  })

  it('has values that a person can have, and each visit within its patient', async () => {
    const { out } = await synth({ patients: 100, visits: 10_000, seed: 7, out: join(home, 'a') })
    const [, ...parameters] = await rows(join(out, 'patientParameters.csv'))
    const rangesOf = new Map(parameters.map(([id = '', ...rest]) => [id, rest.map(Number)]))
    const [, ...visits] = await rows(join(out, 'timeseries.csv'))
    expect(visits.length).toBe(10_000)
    let before = ''
    for (const [date = '', id = '', ...rest] of visits) {
      const [systol = 0, diastol = 0, ...others] = rest.map(Number)
      expect(date > before).toBe(true)
      before = date
      expect(systol - diastol).toBeGreaterThanOrEqual(20)
      const [s0 = 0, s1 = 0, , d1 = 0, ...ranges] = rangesOf.get(id) ?? []
      expect(systol >= s0 && systol <= s1 && diastol <= d1 && diastol >= 60).toBe(true)
      for (const place of [0, 1, 2, 3, 4]) {
        const [low = 0, high = 0, value = -1] = [ranges[2 * place], ranges[2 * place + 1], others[place]]
        expect(value >= low && value <= high, `${id} ${date} place ${place}`).toBe(true)
      }
      const [, , saturation = 0, temperature = 0] = others
      expect(saturation >= 95 && saturation <= 99.4).toBe(true)
      expect(temperature >= 97 && temperature <= 101.1).toBe(true)
    }
    expect(visits.at(-1)?.[0]?.slice(0, 4)).toMatch(/19(78|79|80)/)
  })

  it('counts each sum with its own visit, and the last ones stand in the parameters', async () => {
    const { out } = await synth({ ...small, out: join(home, 'a') })
    const sums = new Map<string, number[]>()
    for (const [, id = '', ...rest] of (await rows(join(out, 'timeseries.csv'))).slice(1)) {
      const [baseE = 0, tPain = 0, dk = 0, ...told] = rest.slice(8).map(Number)
      const [a = 0, b = 0, c = 0] = sums.get(id) ?? []
      sums.set(id, [a + baseE, (Math.round(10 * b) + Math.round(10 * tPain)) / 10, c + dk])
      expect(told).toEqual(sums.get(id))
    }
    for (const row of (await rows(join(out, 'patientParameters.csv'))).slice(1)) {
      expect(row.slice(-3).map(Number)).toEqual(sums.get(row[0] ?? '') ?? [0, 0, 0])
    }
  })

  it('calls the three effects by their own measures', () => {
    const effects = makeStudy({ patients: 100, visits: 10_000, seed: 1938 }).visits.map(({ line }) => line.split(',').slice(2).map(Number))
    for (const [systol = 0, diastol = 0, , heart = 0, , temperature = 0, weight = 0, bmi = 0, baseE, , dk] of effects) {
      expect(baseE).toBe(heart > 58 && heart < 62 && systol - diastol > 30 && bmi < 22 ? 1 : 0)
      expect(dk).toBe(weight < 150 && temperature < 97.4 ? 1 : 0)
    }
    for (const place of [8, 10]) expect(effects.some((effect) => effect[place] === 1)).toBe(true)
  })

  it('has no two patients of one name, even when there are ten thousand', () => {
    const { patients } = makeStudy({ patients: 10_000, visits: 1, seed: 1 })
    expect(new Set(patients.map(({ surname }) => surname)).size).toBe(10_000)
    expect(patients.map(({ id }) => id)).toEqual(patients.map(({ id }) => id).sort())
  })

  it('is made in well under a second', async () => {
    const start = performance.now()
    makeStudy({ patients: 100, visits: 10_000, seed: 1 })
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('samples', () => {
  it('are one patient each, and together hold every visit once, in order', async () => {
    const { out, samples, withoutVisits } = await synth({ ...small, out: join(home, 'a') })
    expect(samples.length).toBe(10)
    expect(withoutVisits).toBe(0)
    const [header, ...all] = await rows(join(out, 'timeseries.csv'))
    const parts = await Promise.all(samples.map(rows))
    for (const [index, [top, ...part]] of parts.entries()) {
      expect(top).toEqual(header)
      expect(part).toEqual(all.filter(([, id]) => id === `P${String(index + 1).padStart(3, '0')}`))
    }
  })

  it('are of consecutive patients when there are fewer samples than patients', async () => {
    const { samples } = await synth({ ...small, samples: 3, out: join(home, 'a') })
    expect(samples.map((path) => path.slice(-14))).toEqual(['sample-001.csv', 'sample-002.csv', 'sample-003.csv'])
    const ids = await Promise.all(samples.map(async (path) => [...new Set((await rows(path)).slice(1).map(([, id]) => id))].sort()))
    expect(ids.flat()).toEqual(Array.from({ length: 10 }, (_, n) => `P${String(n + 1).padStart(3, '0')}`))
    expect(ids.map((group) => group.length)).toEqual([4, 3, 3])
  })

  it('leave out patients who never came', async () => {
    const { samples, withoutVisits } = await synth({ patients: 50, visits: 3, seed: 1, out: join(home, 'a') })
    expect(samples.length + withoutVisits).toBe(50)
    for (const path of samples) expect((await rows(path)).length).toBeGreaterThan(1)
  })
})

describe('skep synth', () => {
  it('writes into a new or an empty directory, for its owner only', async () => {
    await mkdir(join(home, 'empty'))
    for (const out of ['empty', 'new/below']) {
      await skepSynth('--patients', '3', '--visits', '9', '-o', join(home, out))
      expect((await readdir(join(home, out))).sort()).toEqual(['patientParameters.csv', 'patients.csv', 'samples', 'timeseries.csv'])
      expect((await stat(join(home, out, 'patients.csv'))).mode & 0o777).toBe(0o600)
    }
    expect((await readdir(home)).sort()).toEqual(['empty', 'new'])
  })

  const refused: Record<string, readonly [argv: readonly string[], message: string]> = {
    'no patients': [['--patients', '0'], '--patients: expected a whole number from 1 to 10000, got 0'],
    'fewer than none': [['--visits', '-5'], '--visits: expected a whole number from 1 to 1000000, got -5'],
    'a word': [['--patients', 'many'], '--patients: expected a whole number, got "many"'],
    'a fraction': [['--visits', '1.5'], '--visits: expected a whole number, got "1.5"'],
    nothing: [['--seed', ''], '--seed: expected a whole number, got ""'],
    'too many visits': [['--visits', '1000001'], 'got 1000001'],
    'a seed that does not fit': [['--seed', '4294967296'], '--seed: expected a whole number from 0 to 4294967295, got 4294967296'],
    'more samples than patients': [
      ['--patients', '3', '--samples', '4'],
      '--samples: expected at most as many samples as patients (3), got 4',
    ],
    'no samples': [['--samples', '0'], '--samples: expected a whole number from 1 to 10000, got 0'],
  }
  for (const [title, [argv, message]] of Object.entries(refused)) {
    it(`refuses ${title} and writes nothing`, async () => {
      await expect(skepSynth(...argv, '-o', join(home, 'out'))).rejects.toThrow(message)
      expect(await readdir(home)).toEqual([])
    })
  }

  it('refuses an output that is a file, lies below one, or has something in it, and leaves it as it is', async () => {
    await writeFile(join(home, 'file'), 'mine')
    for (const [out, message] of [
      ['file', 'got a file'],
      ['file/below', 'ENOTDIR'],
      ['.', 'got one with 1 entries'],
    ] as const) {
      await expect(skepSynth('-o', join(home, out))).rejects.toThrow(message)
    }
    expect(await readdir(home)).toEqual(['file'])
    expect(await readFile(join(home, 'file'), 'utf8')).toBe('mine')
  })

  const skepSynth = (...argv: string[]) => synthCommand().exitOverride().parseAsync(argv, { from: 'user' })
})

describe('chance', () => {
  it('gives the numbers that it always gave', () => {
    const random = seeded(1938, 1)
    expect(Array.from({ length: 6 }, () => random.between(0, 999))).toMatchInlineSnapshot(`
      [
        570,
        193,
        778,
        564,
        179,
        26,
      ]
    `)
  })

  it('is even, and keeps to its ends', () => {
    const random = seeded(1, 1)
    const counts = new Map<number, number>()
    for (let n = 0; n < 60_000; n++) {
      const value = random.between(3, 8)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([3, 4, 5, 6, 7, 8])
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('differs between seeds and between streams', () => {
    const first = (seed: number, stream: number) => seeded(seed, stream).between(0, 2 ** 31)
    expect(new Set([first(1, 1), first(1, 2), first(2, 1), first(2, 2), first(0, 1)]).size).toBe(5)
  })
})
