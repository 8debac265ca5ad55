/** The long run of the look-ahead property: `npm run test:lookahead -- --cases 100000 [--seed N]`. */
import { parseArgs } from 'node:util'
import { windowCannotBeTold } from './equal.ts'

const { values } = parseArgs({ options: { cases: { type: 'string', default: '10000' }, seed: { type: 'string' } } })
const cases = Number(values.cases)
const begun = performance.now()
try {
  await windowCannotBeTold(cases, values.seed === undefined ? undefined : Number(values.seed))
  process.stdout.write(`${cases} cases, no difference, ${Math.round((performance.now() - begun) / 1000)} s\n`)
} catch (error) {
  process.stdout.write(
    `${error instanceof Error ? `${error.message}\n${error.cause instanceof Error ? error.cause.message : ''}` : String(error)}\n`,
  )
  process.exitCode = 1
}
