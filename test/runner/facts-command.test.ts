import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeSshKey } from '../../custody/ssh-keys.ts'

const main = join(import.meta.dirname, '../../cli/main.ts')
const dir = mkdtempSync(join(tmpdir(), 'skep-facts-'))
afterAll(() => rmSync(dir, { recursive: true }))
const key = makeSshKey()
writeFileSync(join(dir, 'key'), key.privateKey, { mode: 0o600 })
const nobody = `ansible_host=127.0.0.1 ansible_port=1 ansible_user=ada ansible_ssh_private_key_file=${dir}/key skep_host_key="${key.publicKey}"`
writeFileSync(join(dir, 'hosts.ini'), `b ansible_connection=local\na ansible_connection=local\nnobody ${nobody}\n`)

const facts = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'facts', ...args], { cwd: dir, encoding: 'utf8', timeout: 30_000 })
  return { status, stdout, stderr }
}

test('skep facts shows what a host is', () => {
  const { status, stdout } = facts('all', '-i', 'local:')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^localhost\n(?: {2}\w+: .*\n)+$/)
  expect(stdout).toContain(`  nodename: ${hostname()}\n`)
  expect(stdout).toContain('  python: none\n')
})

test('skep facts --json is one object by host, in the order of the inventory', () => {
  const { status, stdout } = facts('a,b', '-i', 'hosts.ini', '--json')
  expect(status).toBe(0)
  const found: Readonly<Record<string, unknown>> = JSON.parse(stdout)
  expect(Object.keys(found).toSorted()).toEqual(['a', 'b'])
  expect(found['a']).toMatchObject({ nodename: hostname(), python: null })
})

test('a host that is not there is named, the others are shown', () => {
  const { status, stdout, stderr } = facts('all', '-i', 'hosts.ini', '--json')
  expect(status).toBe(4)
  expect(Object.keys(JSON.parse(stdout)).toSorted()).toEqual(['a', 'b'])
  expect(stderr).toMatch(/^UNREACHABLE nobody \(.*cannot reach ada@127/m)
})

test('hosts that nobody has are one clear error', () => {
  const { status, stderr } = facts('web1', '-i', 'local:')
  expect(status).toBe(1)
  expect(stderr).toMatch(/no host or group is named 'web1'/)
})
