import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, realpath, rm, stat as statOf, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stat, stat } from '../../../modules/looks/stat.ts'
import { localConnector } from '../../../runner/connections/local.ts'
import type { Connection } from '../../../runner/contract.ts'
import { readerOf } from '../test-module.ts'

let on: Connection
let dir: string
beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'skep-stat-')))
  on = await localConnector().connect({ name: 'here', vars: {}, connection: { kind: 'local', cwd: dir } }, new AbortController().signal)
  await writeFile(join(dir, 'f'), 'hello')
  await chmod(join(dir, 'f'), 0o640)
  await mkdir(join(dir, 'd'))
  await chmod(join(dir, 'd'), 0o1755)
  await symlink('f', join(dir, 'l'))
  await symlink('no', join(dir, 'dangling'))
  await writeFile(join(dir, '-c'), '')
  await symlink('f', join(dir, '-n'))
  await writeFile(join(dir, `a 'b" $c`), '')
})
afterAll(async () => {
  await on.close()
  await rm(dir, { recursive: true })
})

const sum = (algorithm: string): string => createHash(algorithm).update('hello').digest('hex')
const cases: Readonly<Record<string, readonly [given: Parameters<typeof stat>[0], sees: Partial<Stat>]>> = {
  'a file with its checksum': [
    { path: 'f' },
    { exists: true, isreg: true, islnk: false, mode: '0640', size: 5, nlink: 1, checksum: sum('sha1') },
  ],
  'another checksum': [{ path: 'f', checksumAlgorithm: 'sha256' }, { checksum: sum('sha256') }],
  'a directory': [{ path: 'd/' }, { exists: true, isdir: true, isreg: false, mode: '1755' }],
  'a link': [{ path: 'l' }, { exists: true, islnk: true, isreg: false, lnkTarget: 'f' }],
  'what a link points to': [
    { path: 'l', follow: true },
    { exists: true, islnk: false, isreg: true, size: 5 },
  ],
  'a link to nothing': [{ path: 'dangling' }, { exists: true, islnk: true, lnkTarget: 'no' }],
  'nothing behind a link': [{ path: 'dangling', follow: true }, { exists: false }],
  'nothing, which is no failure': [{ path: 'no/such/file' }, { exists: false, path: 'no/such/file' }],
  'a device': [{ path: '/dev/null' }, { ischr: true, isreg: false }],
  'a name that looks like an option': [{ path: '-c' }, { exists: true, isreg: true, size: 0 }],
  'a link that looks like an option': [{ path: '-n' }, { exists: true, islnk: true, lnkTarget: 'f' }],
  'a name with anything in it': [{ path: `a 'b" $c` }, { exists: true, size: 0 }],
}
for (const [what, [given, sees]] of Object.entries(cases))
  test(`stat sees ${what}`, async () => expect(await stat(given).look(on)).toMatchObject(sees))

test('a checksum is left out where it is not wanted', async () =>
  expect(await stat({ path: 'f', getChecksum: false }).look(on)).not.toHaveProperty('checksum'))

test('numbers are those of the system', async () => {
  const { uid, gid, ino, mtimeMs } = await statOf(join(dir, 'f'))
  expect(await stat({ path: 'f' }).look(on)).toMatchObject({ uid, gid, inode: ino, mtime: Math.floor(mtimeMs / 1000) })
})

test('a path that may not be looked at is not taken for nothing', async () => {
  const machine = { 'p=/srv/closed/x': { code: 1, stderr: 'no permission to look into /srv/closed' } }
  await expect(stat({ path: '/srv/closed/x' }).look(readerOf(machine))).rejects.toThrow('Cannot look at /srv/closed/x: no permission')
})

test('parameters are checked when the playbook is built', () => {
  expect(() => stat({ path: '' })).toThrow(/stat \(.*stat\.test\.ts:\d+\): parameter 'path'/)
})
