import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lookAtNode } from '../../cli/doctor.ts'
import { document } from '../cloud/aws/document.ts'

const skep = resolve(import.meta.dirname, '../../cli/skep.js')
let dir = ''
let env = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'skep-doctor-'))
  env = join(dir, 'env.json')
  writeFileSync(env, JSON.stringify(document))
})
afterAll(() => rmSync(dir, { recursive: true }))

function doctor(args: readonly string[], more: Readonly<Record<string, string>> = {}, node: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, skep, ...args], {
    cwd: dir,
    env: { PATH: process.env['PATH'], AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'us-west-2', HOME: dir, ...more },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}
const well = 'hipaa_vpc in us-west-2, account 123456789012'

describe('skep doctor', () => {
  test('finds a healthy machine and an environment that fits, named by flag or SKEP_ENV, and exits 0', () => {
    const { status, stdout, stderr } = doctor(['doctor', '--env', env])
    expect(stdout).toBe(`ok      node         Node ${process.versions.node}\nok      environment  ${well}\n`)
    expect([status, stderr]).toEqual([0, ''])
    expect(doctor(['doctor'], { SKEP_ENV: env })).toMatchObject({ status: 0, stdout })
    expect(doctor(['doctor', '--env', env], { SKEP_ENV: '/nowhere' })).toMatchObject({ status: 0, stdout })
  })

  test('says what is not well and how to mend it, and exits 2', () => {
    const { status, stdout } = doctor(['doctor'])
    expect(status).toBe(2)
    expect(stdout).toMatch(/^not ok {2}environment {2}no environment is named\n {21}name it with --env ssm:\/PIT\/environment or/m)
    expect(doctor(['doctor', '--env', 'none'])).toMatchObject({ status: 2, stdout: expect.stringContaining('there is no file none') })
    expect(doctor(['doctor', '--env', 'ssm:/hipaa_vpc/environment'])).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/there are no AWS credentials\n +sign in/),
    })
  })

  test('says the same as JSON', () => {
    const node = { name: 'node', says: `Node ${process.versions.node}` }
    expect(JSON.parse(doctor(['doctor', '--env', env, '--json']).stdout)).toEqual({
      ok: true,
      checks: [node, { name: 'environment', says: well }],
    })
    const { status, stdout } = doctor(['doctor', '--env', 'a\u001b[31m', '--json'])
    expect([status, JSON.parse(stdout)]).toMatchObject([2, { ok: false, checks: [node, { says: 'there is no file a\\u{1b}[31m' }] }])
  })

  test.each([
    ['22.18.0', true],
    ['24.0.0', true],
    ['22.17.1', false],
    ['20.20.2', false],
  ])('Node %s is well: %s', (version, isWell) => {
    expect(lookAtNode(version).mend === undefined).toBe(isWell)
  })
})

test.each([[['--help']], [['doctor', '--help']], [['doctor', '--env', 'env.json']]])('skep %j loads nothing of the AWS SDK', (args) => {
  const hook = `import { registerHooks } from 'node:module'
    registerHooks({ load: (url, context, next) => { if (/@aws-sdk|@smithy/.test(url)) process.stderr.write(url + '\\n'); return next(url, context) } })`
  const hooked = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`]
  expect(doctor(args, {}, hooked)).toMatchObject({ status: 0, stderr: '' })
  // The hook does see it where it is loaded.
  expect(doctor(['doctor', '--env', 'ssm:/x'], {}, hooked).stderr).toContain('@aws-sdk/client-ssm')
})
