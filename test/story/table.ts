/** The run's table, computed from the visits by other programs than ours. */
import { execFileSync, spawnSync } from 'node:child_process'

const vitals = ['systol', 'diastol', 'resp.rate', 'heart rate', 'OSat', 'temp', 'weight']

const python = `
import csv, math, sys
patients = {}
for path in sys.argv[1:]:
    for row in csv.DictReader(open(path, newline='')):
        patients.setdefault(row['ID'], []).append(row)
for id in sorted(patients):
    rows = patients[id]
    line = [id, len(rows)]
    for vital in ${JSON.stringify(vitals)}:
        values = [float(row[vital]) for row in rows]
        line += [math.fsum(values) / len(values), min(values), max(values)]
    print(*line, sep=',')
`

const awk = `
BEGIN { FS = ","; OFS = ","; n = split("${vitals.join(',')}", vital, ",") }
FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
  id = $column["ID"]; visits[id]++
  for (v = 1; v <= n; v++) {
    value = $column[vital[v]] + 0; sum[id, v] += value
    if (visits[id] == 1 || value < low[id, v]) low[id, v] = value
    if (visits[id] == 1 || value > high[id, v]) high[id, v] = value
  }
}
END {
  for (id in visits) {
    line = id "," visits[id]
    for (v = 1; v <= n; v++) line = line sprintf(",%.9f,%s,%s", sum[id, v] / visits[id], low[id, v], high[id, v])
    print line | "sort"
  }
}
`

/** Programs that can compute the table, of those that are on this machine. */
export const otherPrograms: Readonly<Record<string, (files: readonly string[]) => string>> = Object.fromEntries(
  (
    [
      ['python3', (files) => run('python3', ['-c', python, ...files])],
      ['awk', (files) => run('awk', [awk, ...files])],
    ] as const satisfies readonly (readonly [string, (files: readonly string[]) => string])[]
  ).filter(([program]) => spawnSync(program, program === 'awk' ? ['BEGIN { exit 0 }'] : ['--version']).status === 0),
)

const run = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, timeout: 60_000 })

export interface Line {
  readonly id: string
  readonly numbers: readonly number[]
}

/** The lines of a table without its header. */
export const linesOf = (text: string): readonly Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [id = '', ...rest] = line.split(',')
      return { id, numbers: rest.map(Number) }
    })

export const header = ['id', 'visits', ...vitals.flatMap((vital) => ['mean', 'min', 'max'].map((what) => `${vital}_${what}`))]

/** Where two tables differ by more than a millionth; [] when they do not. */
export function differences(ours: readonly Line[], theirs: readonly Line[]): readonly string[] {
  if (ours.length !== theirs.length) return [`${ours.length} lines and ${theirs.length} lines`]
  return ours.flatMap(({ id, numbers }, at) => {
    const other = theirs[at]
    if (other?.id !== id) return [`line ${at + 1}: ${id} and ${other?.id}`]
    if (numbers.length !== other.numbers.length) return [`${id}: ${numbers.length} numbers and ${other.numbers.length}`]
    return numbers.flatMap((number, index) => {
      const against = other.numbers[index] ?? Number.NaN
      return Math.abs(number - against) <= 1e-6 ? [] : [`${id} ${header[index + 1]}: ${number} and ${against}`]
    })
  })
}
