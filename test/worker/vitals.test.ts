import { execFileSync, spawnSync } from 'node:child_process'
import { access, constants, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { synth } from '../../owner/synth.ts'
import { niceTicks } from '../../worker/pipelines/vitals/ticks.ts'
import { HEADER, VISITS, VITALS } from './bench.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'skep-vitals-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** Runs one of the two pipelines as the worker does: as a program of its own. */
async function run(
  pipeline: 'sample' | 'consolidate',
  files: Record<string, string>,
): Promise<{ code: number | null; stderr: string; out: Record<string, string> }> {
  const [input, output] = [await mkdtemp(join(home, 'in-')), await mkdtemp(join(home, 'out-'))]
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(input, name, '..'), { recursive: true })
    await writeFile(join(input, name), text)
  }
  const { status, stderr } = spawnSync(join(VITALS, `${pipeline}.ts`), [input, output, join(VITALS, 'reference')], { encoding: 'utf8' })
  const out = await Promise.all((await readdir(output)).map(async (name) => [name, await readFile(join(output, name), 'utf8')]))
  return { code: status, stderr, out: Object.fromEntries(out) }
}

const SUMMARY = 'P001,2,125,120,130,82,80,84,16,15,17,75,70,80,98,97.5,98.5,98.5,98.4,98.6,150.5,150,151'

describe('the pipeline of a sample', () => {
  it('is an executable file', async () => {
    for (const name of ['sample.ts', 'consolidate.ts']) await access(join(VITALS, name), constants.X_OK)
  })

  it('writes a line a patient, sorted, with the mean, lowest and highest value of every vital sign', async () => {
    const text = `${VISITS}1938-11-02,A7,100,70,12,60,99,98,120\n`
    const { code, out } = await run('sample', { 'visits.csv': text })
    expect(code).toBe(0)
    expect(out).toEqual({
      'summary.csv': [
        'id,visits,systol_mean,systol_min,systol_max,diastol_mean,diastol_min,diastol_max,resp.rate_mean,resp.rate_min,resp.rate_max,heart rate_mean,heart rate_min,heart rate_max,OSat_mean,OSat_min,OSat_max,temp_mean,temp_min,temp_max,weight_mean,weight_min,weight_max',
        'A7,1,100,100,100,70,70,70,12,12,12,60,60,60,99,99,99,98,98,98,120,120,120',
        SUMMARY,
        '',
      ].join('\n'),
    })
  })

  const accepted: Record<string, string> = {
    'CR LF and a byte-order mark': `\uFEFF${VISITS.replaceAll('\n', '\r\n')}`,
    'no line feed at the end': VISITS.trimEnd(),
    'empty lines at the end': `${VISITS}\n\n`,
    'quoted fields': VISITS.replace('P001,120', '"P001","120"').replace('date,ID', '"date ""of visit""","ID"'),
    'a quoted line feed': VISITS.replace('1938-10-30', '"1938\n10-30"'),
    'columns in another order, and more of them':
      'weight,temp,OSat,heart rate,resp.rate,diastol,systol,ID,note\n150,98.6,97.5,70,15,80,120,P001,\n151,98.4,98.5,80,17,84,130,P001,\n',
  }
  for (const [title, text] of Object.entries(accepted)) {
    it(`takes ${title}`, async () => {
      const { code, stderr, out } = await run('sample', { 'visits.csv': text })
      expect(stderr).toBe('')
      expect(code).toBe(0)
      expect(out['summary.csv']?.split('\n')[1]).toBe(SUMMARY)
    })
  }

  const wrong: Record<string, readonly [text: string, message: string]> = {
    'an empty file': ['', 'line 1: the column "ID" is missing'],
    'only a header': [`${HEADER}\n`, 'no rows after the header'],
    'a missing column': [VISITS.replace('temp', 'tmp'), 'line 1: the column "temp" is missing'],
    'a column that is there twice': [VISITS.replace('date', 'temp'), 'line 1: the column "temp" is there twice'],
    'a word for a number': [VISITS.replace('98.4', 'SECRET'), 'line 3: column "temp": expected a decimal number'],
    'an exponent': [VISITS.replace('98.4', '9.84e1'), 'line 3: column "temp": expected a decimal number'],
    'an empty field': [VISITS.replace('98.4', ''), 'line 3: column "temp": expected a decimal number'],
    'a value that nobody has': [VISITS.replace('98.4', '984'), 'line 3: column "temp": out of the plausible range 80 to 115'],
    'too few fields': [VISITS.replace(',98.4,151', ',98.4'), 'line 3: expected 9 fields, got 8'],
    'too many fields': [VISITS.replace(',98.4,151', ',98.4,151,SECRET'), 'line 3: expected 9 fields, got 10'],
    'an empty line within': [VISITS.replace('\n1938-11', '\n\n1938-11'), 'line 3: expected 9 fields, got 1'],
    'an id that a spreadsheet would run': [VISITS.replace('P001', '=SECRET()'), 'line 2: column "ID": expected 1 to 64 letters'],
    'a quoted field without an end': [VISITS.replace('98.4', '"SECRET'), 'line 3: a quoted field does not end'],
    'words after a quoted field': [VISITS.replace('98.4', '"98.4"SECRET'), 'line 3: expected a comma or the end of the line'],
  }
  for (const [title, [text, message]] of Object.entries(wrong)) {
    it(`refuses ${title}, says where, and gives no value away`, async () => {
      const { code, stderr, out } = await run('sample', { 'SECRET.csv': text })
      expect(code).toBe(1)
      expect(stderr).toContain(`input file 1: ${message}`)
      expect(stderr).not.toContain('SECRET')
      expect(out).toEqual({})
    })
  }

  it('refuses an input directory without a file', async () => {
    expect(await run('sample', {})).toMatchObject({ code: 1, stderr: expect.stringContaining('the input directory is empty') })
  })
})

describe('the pipeline of a run', () => {
  it('puts a patient of two samples together as if all visits had been in one', async () => {
    const [header, ...rows] = `${VISITS}1938-11-05,P001,121,81,16,71,97.1,98.9,149\n1938-11-07,P001,122,79,15,72,97.3,98.3,149.3\n`
      .trimEnd()
      .split('\n')
    const whole = await run('sample', { 'a.csv': [header, ...rows].join('\n') })
    const one = await run('sample', { 'a.csv': [header, ...rows.slice(0, 1)].join('\n') })
    const two = await run('sample', { 'a.csv': [header, ...rows.slice(1)].join('\n') })
    const apart = await run('consolidate', { 'b/summary.csv': one.out['summary.csv'] ?? '', 'a/summary.csv': two.out['summary.csv'] ?? '' })
    const together = await run('consolidate', { 'a/summary.csv': whole.out['summary.csv'] ?? '' })
    expect(apart.out['table.csv']).toBe(together.out['table.csv'])
    expect(apart.out['table.csv']).toContain('P001,4,123.250000,120,130,')
  })

  it('refuses what is not a result, and an empty directory', async () => {
    expect(await run('consolidate', { 'a/summary.csv': VISITS })).toMatchObject({ code: 1, out: {} })
    expect(await run('consolidate', {})).toMatchObject({ code: 1, stderr: expect.stringContaining('no result to consolidate') })
  })

  it('draws patients of one visit, one patient, and more than there are lines', async () => {
    const line = (id: string, n: number) => `1938-10-30,${id},${100 + (n % 40)},70,12,60,99,98,${120 + (n % 90)}`
    for (const count of [1, 2, 700]) {
      const lines = Array.from({ length: count }, (_, n) => line(`P${n}`, n))
      const { out } = await run('sample', { 'a.csv': [HEADER, ...lines].join('\n') })
      const { code, out: made } = await run('consolidate', { 'a/summary.csv': out['summary.csv'] ?? '' })
      expect(code).toBe(0)
      const svg = made['vitals.svg'] ?? ''
      expect(svg).toContain(`Vital signs of ${count} patient`)
      expect(svg).not.toMatch(/NaN|Infinity|undefined/)
      expect(svg.includes('neighbouring rank')).toBe(count > 220)
    }
  })

  it('draws every mark inside of its panel', async () => {
    const { samples } = await synth({ patients: 30, visits: 900, seed: 3, samples: 1, out: join(home, 'study') })
    const { out } = await run('sample', { 'a.csv': await readFile(samples[0] ?? '', 'utf8') })
    const svg = (await run('consolidate', { 'a/s.csv': out['summary.csv'] ?? '' })).out['vitals.svg'] ?? ''
    const marks = [...svg.matchAll(/M([\d.]+) ([\d.]+)(?:V([\d.]+)|h0)/g)]
    // 7 panels of 30 lines and 30 dots, and the legend's two.
    expect(marks.length).toBe(7 * 60 + 2)
    for (const [, x, y, to = y] of marks) {
      expect(Number(x)).toBeGreaterThanOrEqual(34)
      expect(Number(x)).toBeLessThanOrEqual(540)
      for (const value of [y, to]) {
        expect(Number(value)).toBeGreaterThanOrEqual(44)
        expect(Number(value)).toBeLessThanOrEqual(216)
      }
    }
    expect(svg).not.toMatch(/<script|href|<style|url\(/)
  })

  it.skipIf(!found('python3'))(`is well-formed XML${found('python3') ? '' : ' (python3 is not here to read it)'}`, async () => {
    const { out } = await run('sample', { 'a.csv': VISITS })
    const { out: made } = await run('consolidate', { 'a/s.csv': out['summary.csv'] ?? '' })
    await writeFile(join(home, 'v.svg'), made['vitals.svg'] ?? '')
    execFileSync('python3', ['-c', 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])', join(home, 'v.svg')])
  })
})

describe('axis ticks', () => {
  const cases: Record<string, readonly [min: number, max: number, ticks: readonly string[]]> = {
    'whole tens': [92, 148, ['80', '100', '120', '140', '160']],
    'tenths when they are needed': [97.4, 98.1, ['97.2', '97.4', '97.6', '97.8', '98.0', '98.2']],
    quarters: [0.1, 1.3, ['0.00', '0.25', '0.50', '0.75', '1.00', '1.25', '1.50']],
    'one value': [98, 98, ['97.8', '98.0', '98.2']],
  }
  for (const [title, [min, max, expected]] of Object.entries(cases)) {
    it(`are ${title}`, () => {
      const { ticks, decimals, low, high } = niceTicks(min, max)
      expect(low).toBeLessThan(min)
      expect(high).toBeGreaterThan(max)
      expect(ticks.map((tick) => tick.toFixed(decimals))).toEqual(expected)
    })
  }
})

/** The same table by other code: mean, lowest and highest of every column, from the visits themselves. */
const PYTHON = `
import csv, sys
vitals = ['systol', 'diastol', 'resp.rate', 'heart rate', 'OSat', 'temp', 'weight']
seen = {}
for row in csv.DictReader(open(sys.argv[1], newline='')):
    seen.setdefault(row['ID'], []).append([float(row[v]) for v in vitals])
for id in sorted(seen):
    columns = list(zip(*seen[id]))
    print(','.join([id, str(len(seen[id]))] + ['%.9f' % f(c) for c in columns for f in (lambda c: sum(c) / len(c), min, max)]))
`
const AWK = `
NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split("systol,diastol,resp.rate,heart rate,OSat,temp,weight", v, ","); next }
{ id = $at["ID"]; if (!(id in visits)) ids[++count] = id; visits[id]++
  for (k = 1; k <= n; k++) { x = $at[v[k]] + 0; sum[id, k] += x
    if (visits[id] == 1 || x < low[id, k]) low[id, k] = x; if (visits[id] == 1 || x > high[id, k]) high[id, k] = x } }
END { for (c = 1; c <= count; c++) { id = ids[c]; line = id "," visits[id]
  for (k = 1; k <= n; k++) line = line sprintf(",%.9f,%.9f,%.9f", sum[id, k] / visits[id], low[id, k], high[id, k]); print line | "sort" } }
`

describe('the table of the default study', () => {
  let made: string
  let table: string[]
  let study: string
  beforeAll(async () => {
    made = await mkdtemp(join(tmpdir(), 'skep-vitals-'))
    ;({ table, study } = await defaultTable(made))
  })
  afterAll(() => rm(made, { recursive: true, force: true }))

  const other = found('python3') ? 'python3' : found('awk') ? 'awk' : undefined

  it.skipIf(other === undefined)(
    `equals the one that ${other ?? 'python3 or awk (neither is here)'} computes from the visits`,
    async () => {
      const argv = other === 'python3' ? ['-c', PYTHON, join(study, 'timeseries.csv')] : ['-F,', AWK, join(study, 'timeseries.csv')]
      const computed = execFileSync(other ?? '', argv, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
        .trimEnd()
        .split('\n')
      const ours = table.slice(1)
      expect(ours.length).toBe(computed.length)
      for (const [index, line] of computed.entries()) {
        const [id, visits, ...numbers] = line.split(',')
        const [ourId, ourVisits, ...ourNumbers] = ours[index]?.split(',') ?? []
        expect([ourId, ourVisits]).toEqual([id, visits])
        for (const [place, number] of numbers.entries()) expect(Math.abs(Number(ourNumbers[place]) - Number(number))).toBeLessThan(6e-7)
      }
    },
  )

  it('has the numbers that it always had: P042, a column each', () => {
    const [header, row] = [table[0], table.find((line) => line.startsWith('P042,'))].map((line) => line?.split(',') ?? [])
    expect(table.length).toBe(101)
    expect(Object.fromEntries(header?.map((name, index) => [name, row?.[index]]) ?? [])).toMatchInlineSnapshot(`
      {
        "OSat_max": "97.4",
        "OSat_mean": "96.917708",
        "OSat_min": "96.4",
        "diastol_max": "83",
        "diastol_mean": "81.322917",
        "diastol_min": "79",
        "heart rate_max": "62",
        "heart rate_mean": "56.218750",
        "heart rate_min": "51",
        "id": "P042",
        "resp.rate_max": "20",
        "resp.rate_mean": "16.479167",
        "resp.rate_min": "13",
        "systol_max": "103",
        "systol_mean": "101.322917",
        "systol_min": "99",
        "temp_max": "100.1",
        "temp_mean": "99.146875",
        "temp_min": "98.2",
        "visits": "96",
        "weight_max": "214",
        "weight_mean": "194.802083",
        "weight_min": "175",
      }
    `)
  })

  async function defaultTable(into: string): Promise<{ table: string[]; study: string }> {
    const study = join(into, 'study')
    const { samples } = await synth({ patients: 100, visits: 10_000, seed: 1938, samples: 12, out: study })
    const all = join(into, 'all')
    for (const path of samples) {
      const result = join(all, basename(path, '.csv'))
      const input = join(into, 'in', basename(path, '.csv'))
      for (const directory of [result, input]) await mkdir(directory, { recursive: true })
      await cp(path, join(input, 'visits.csv'))
      execFileSync(join(VITALS, 'sample.ts'), [input, result, join(VITALS, 'reference')])
    }
    await mkdir(join(into, 'out'))
    execFileSync(join(VITALS, 'consolidate.ts'), [all, join(into, 'out'), join(VITALS, 'reference')])
    return { table: (await readFile(join(into, 'out', 'table.csv'), 'utf8')).trimEnd().split('\n'), study }
  }
})

it('runs where there is no package.json to say what its files are', async () => {
  await cp(VITALS, join(home, 'pipeline'), { recursive: true })
  await mkdir(join(home, 'in'))
  await mkdir(join(home, 'out'))
  await writeFile(join(home, 'in', 'a.csv'), VISITS)
  execFileSync(join(home, 'pipeline', 'sample.ts'), [join(home, 'in'), join(home, 'out'), join(home, 'pipeline', 'reference')])
  expect(await readdir(join(home, 'out'))).toEqual(['summary.csv'])
})

function found(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}
