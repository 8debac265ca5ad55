import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'skep-bundle-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

function bundle(name: string, cwd: string, zone: string): Buffer {
  const target = join(dir, name)
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/bundle-intake.ts'), target], {
    cwd,
    env: { PATH: process.env['PATH'], TZ: zone },
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return readFileSync(target)
}

describe("the intake Lambda's bundle", () => {
  test('has the same bytes however often, wherever and in whatever zone it is made', () => {
    const first = bundle('first.zip', root, 'UTC')
    expect(bundle('second.zip', dir, 'Pacific/Kiritimati').equals(first)).toBe(true)
  })

  test('is one file that anybody may read, names no place of this machine, and is the program', () => {
    const zip = bundle('third.zip', root, 'UTC')
    // Of the only entry in the central directory: the rights.
    const central = zip.lastIndexOf('PK\x01\x02', undefined, 'latin1')
    expect((zip.readUInt32LE(central + 38) >>> 16) & 0o777).toBe(0o644)
    const files = unzipSync(zip)
    expect(Object.keys(files)).toEqual(['index.js'])
    const code = Buffer.from(files['index.js'] ?? []).toString()
    expect(code).not.toContain(root)
    writeFileSync(join(dir, 'index.cjs'), code)
    const call = `require('./index.cjs').handler({}).catch(({ message }) => console.log(message))`
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', call], { cwd: dir, encoding: 'utf8' })
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^intake: this release has no AWS adapters/), ''])
  })

  test('lies where Terraform looks for it', () => {
    expect(readFileSync(join(root, 'terraform/modules/intake/main.tf'), 'utf8')).toContain('/../../../build/intake.zip"')
    expect(readFileSync(join(root, 'scripts/bundle-intake.ts'), 'utf8')).toContain("'build/intake.zip'")
  })
})
