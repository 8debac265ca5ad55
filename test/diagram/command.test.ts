import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPlan } from '../../diagram/plan.ts'
import { made, skep, state } from './plans.ts'

const main = resolve(import.meta.dirname, '../../cli/main.ts')
let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'skep-diagram-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const run = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'diagram', ...args], {
    cwd: home,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return { code: status, stdout, stderr }
}

describe('skep diagram', () => {
  test('draws what comes by a pipe, and the same from a file into a file', () => {
    const { code, stdout, stderr } = run([], skep())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 1200 \d+" role="img"/)
    writeFileSync(join(home, 'state.json'), skep())
    writeFileSync(join(home, 'out.svg'), 'before')
    expect(run(['state.json', '-o', 'out.svg'])).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(home, 'out.svg'), 'utf8')).toBe(stdout)
  })

  test('draws several as one', () => {
    writeFileSync(join(home, 'one.json'), state(made('aws_s3_bucket.a', { bucket: 'first-of-two' })))
    const { stdout } = run(['one.json', '-'], state(made('aws_sqs_queue.a', { name: 'second-of-two' })))
    expect(stdout).toContain('first-of-two')
    expect(stdout).toContain('second-of-two')
  })

  const wanted = 'expected what terraform show -json prints, got'
  const cases: Readonly<Record<string, readonly [text: string, says: string]>> = {
    nothing: ['', `${wanted} nothing`],
    'a binary plan': ['PK\u0003\u0004\u0014\u0000', `${wanted} a binary plan file; make it with: terraform show -json PLAN > plan.json`],
    HCL: ['# ours\nresource "aws_vpc" "a" {\n}\n', `${wanted} HCL, a configuration`],
    'the text of a plan': ['Terraform will perform the following actions:\n', `${wanted} no JSON`],
    'half of it': [skep().slice(0, 500), `${wanted} JSON that is cut off or broken`],
    'another kind of JSON': ['{"name":"skep"}', `${wanted} JSON of another kind`],
    'a list': ['[1]', `${wanted} JSON of another kind`],
    'a state as Terraform keeps it': [
      '{"version":4,"serial":1,"lineage":"x"}',
      `${wanted} a state file as Terraform keeps it; make it with: terraform show -json > state.json`,
    ],
    'an empty state': ['{"format_version":"1.0"}', 'there is nothing to draw'],
    'a newer format': ['{"format_version":"2.0"}', 'format 2.0 is newer than 1'],
    'resources of another form': ['{"format_version":"1.0","values":{"root_module":{"resources":[1]}}}', `${wanted} JSON of another kind`],
  }
  test.each(Object.entries(cases))('%s is one clear line', (_, [text, says]) => {
    expect(() => readPlan(text)).toThrow(says)
    expect(() => readPlan(text)).toThrow(/^[^\n]+$/)
  })

  test('which tells where it came from, and nothing is drawn', () => {
    const { code, stdout, stderr } = run([], '[1]')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^skep: standard input: expected what [^\n]+\n$/)
  })

  test('so is a file that is not there, a directory, and one that is too large', () => {
    writeFileSync(join(home, 'large'), '')
    truncateSync(join(home, 'large'), 101 * 1024 * 1024)
    mkdirSync(join(home, 'folder'))
    expect(run(['missing.json']).stderr).toBe('skep: missing.json: there is no such file\n')
    expect(run(['folder']).stderr).toBe('skep: folder: expected a file, got a directory\n')
    expect(run(['large']).stderr).toBe('skep: large: larger than 100 MiB; no plan is\n')
    rmSync(join(home, 'large'))
  })

  test('writes into no directory, and nothing where the input is no good', () => {
    expect(run(['-o', 'folder'], skep())).toEqual({ code: 1, stdout: '', stderr: 'skep: -o: expected a file, got a directory: folder\n' })
    expect(run(['-o', ''], skep()).stderr).toBe('skep: -o: expected the path of a file, got an empty one\n')
    expect(run(['-o', 'no/such/place.svg'], skep()).stderr).toMatch(/^skep: -o: cannot write no\/such\/place.svg: [^\n]+\n$/)
    expect(run(['-o', 'new.svg'], '{}').code).toBe(1)
    expect(existsSync(join(home, 'new.svg'))).toBe(false)
  })
})
