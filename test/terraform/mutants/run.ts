/**
 * `npm run mutate:terraform`: for each control, the Terraform is made wrong in one place, and the control's own test has to see
 * it and say so. `-- --only N1` tries those of one control, as often as it is given. Not part of `npm test`.
 */
import { parseArgs } from 'node:util'
import { areas, isDue } from '../../../scripts/controls/list.ts'
import { mockApply } from '../mock.ts'
import { withoutTerraform } from '../terraform.ts'
import { allMutants, tryMutant, type Verdict } from './try.ts'

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
const missing = withoutTerraform()
if (missing !== undefined) throw new Error(`mutants: ${missing}`)

const wanted = (control: string): boolean => values.only?.includes(control) ?? true
const mutants = (await allMutants()).filter(({ control }) => wanted(control))
const untried = areas
  .flatMap(({ controls }) => controls.filter(isDue).map(({ id }) => id))
  .filter((id) => wanted(id) && !mutants.some(({ control }) => control === id))

const began = performance.now()
if (mutants.some(({ killedBy }) => !killedBy.endsWith('.tftest.hcl'))) await mockApply('environment')

const queue = [...mutants.entries()]
const verdicts: Verdict[] = []
let tried = 0
await Promise.all(
  ['one', 'two'].map(async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const verdict = await tryMutant(next[1])
      verdicts[next[0]] = verdict
      const { control, what } = verdict.mutant
      process.stderr.write(`${++tried}/${mutants.length} ${control} ${verdict.outcome}: ${what}\n`)
    }
  }),
)

const order = (id: string): string => id.replace(/\d+/, (digits) => digits.padStart(2, '0'))
process.stdout.write('| control | wrong | seen by | outcome | seconds |\n| --- | --- | --- | --- | --- |\n')
for (const { mutant, outcome, seconds } of verdicts.toSorted((a, b) => order(a.mutant.control).localeCompare(order(b.mutant.control))))
  process.stdout.write(`| ${mutant.control} | ${mutant.what} | ${mutant.killedBy} | ${outcome} | ${seconds.toFixed(1)} |\n`)

const alive = verdicts.filter(({ outcome }) => outcome !== 'killed')
process.stdout.write(
  `\n${verdicts.length - alive.length} of ${verdicts.length} mutants killed, in ${Math.round((performance.now() - began) / 1000)} s\n`,
)
for (const { mutant, outcome, said } of alive)
  process.stdout.write(
    `\n${mutant.control}, ${mutant.what} (${mutant.file}): ${outcome}\n${said
      .slice(0, 5)
      .map((line) => `  ${line.slice(0, 400)}\n`)
      .join('')}`,
  )
if (untried.length > 0) process.stdout.write(`\nControls without a mutant: ${untried.join(', ')}\n`)
process.exitCode = alive.length === 0 && untried.length === 0 ? 0 : 1
