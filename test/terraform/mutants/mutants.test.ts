import { describe, expect, test } from 'vitest'
import { areas, isDue } from '../../../scripts/controls/list.ts'
import { withoutTerraform } from '../terraform.ts'
import { allMutants, tryMutant, withoutEffect } from './try.ts'

const missing = withoutTerraform()
const mutants = await allMutants()

test('every control that Terraform shows has a mutant', () => {
  const due = areas.flatMap(({ controls }) => controls.filter(isDue).map(({ id }) => id))
  expect(due.filter((id) => !mutants.some(({ control }) => control === id))).toEqual([])
})

test('every mutant changes one place, and says who has to see it', () => {
  expect(mutants.flatMap((mutant) => withoutEffect(mutant) ?? [])).toEqual([])
  expect(mutants.filter(({ control, says }) => !says.includes(`ctl:${control}`))).toEqual([])
  const places = mutants.map(({ file, find, replace, killedBy }) => [file, find, replace, killedBy].join('\0'))
  expect(places.length - new Set(places).size).toBe(0)
})

// All of them are tried by npm run mutate:terraform, which takes minutes.
describe.skipIf(missing !== undefined)(missing ?? 'of each kind the first mutant is seen', () => {
  test.each([
    ['terraform test', /\.tftest\.hcl$/],
    ['the policies', /^polic/],
    ['reachability', /^reachability/],
  ])('by %s', async (_, kind) => {
    const mutant = mutants.find(({ killedBy }) => kind.test(killedBy))
    if (mutant === undefined) throw new Error(`there is no mutant that ${kind} has to see`)
    const { outcome, said } = await tryMutant(mutant)
    expect({ outcome, said: outcome === 'killed' ? [] : said }).toEqual({ outcome: 'killed', said: [] })
  })
})

describe.skipIf(missing !== undefined)(missing ?? 'the runner itself', () => {
  const file = 'modules/ledger/main.tf'
  const told = { control: 'M5', what: 'a comment', file, killedBy: 'ledger.tftest.hcl', says: 'ctl:M5' }

  test('sees what survives', async () => {
    const { outcome } = await tryMutant({ ...told, find: 'resource "aws_dynamodb_table"', replace: '# x\nresource "aws_dynamodb_table"' })
    expect(outcome).toBe('survived')
  })

  test('sees what fails for another reason', async () => {
    const { outcome, said } = await tryMutant({ ...told, find: 'resource "aws_dynamodb_table"', replace: 'resorce "aws_dynamodb_table"' })
    expect(outcome).toBe('killed for another reason')
    expect(said[0]).toContain('Unsupported block type')
  })

  test('sees what is none', () => {
    expect(withoutEffect({ ...told, find: 'not there', replace: '' })).toContain('found it 0 times')
    expect(withoutEffect({ ...told, find: '"S"', replace: '' })).toContain('found it 2 times')
    expect(withoutEffect({ ...told, find: 'resource', replace: 'resource' })).toBe('it changes nothing')
    expect(withoutEffect({ ...told, find: 'resource', replace: '', killedBy: 'nobody' })).toContain('neither')
  })
})
