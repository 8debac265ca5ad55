import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { apt } from '../../modules/apt.ts'
import { localConnector } from '../../runner/connections/local.ts'
import { readerOf, testModule } from './test-module.ts'

/** What the host says: dpkg's lines, then apt's where it was asked. */
const says = (status: string, policy?: string): string => `amd64\n\0${status}${policy === undefined ? '' : `\0${policy}`}`
const policy = `nginx:
  Installed: 1.0
  Candidate: 1.1
  Version table:
     1.1 500
        500 http://deb.example stable/main amd64 Packages
 *** 1.0 100
        100 /var/lib/dpkg/status
mail-transport-agent:
  Installed: (none)
  Candidate: (none)
  Version table:
`
const options = '-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=60'
const aptGet = (rest: string): string => `LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -y -q ${options} ${rest} </dev/null`

testModule(apt, {
  check: {
    'sees what is installed, for the host or for all': {
      given: { name: ['nginx', 'ca-certificates', 'nginx'] },
      machine: { 'dpkg-query': says('nginx i386 installed 0.9\nnginx amd64 installed 1.0\nca-certificates all installed 7\n') },
      sees: { packages: { nginx: 'installed', 'ca-certificates': 'installed' } },
    },
    'sees what is missing, and what nobody has': {
      given: { name: ['nginx', 'ngnix', 'mail-transport-agent'] },
      machine: { 'dpkg-query': says('', policy) },
      sees: { packages: { nginx: 'absent', ngnix: 'unavailable', 'mail-transport-agent': 'unavailable' } },
    },
    'sees that only settings are left': {
      given: { name: 'nginx', state: 'absent', purge: true },
      machine: { 'dpkg-query': says('nginx amd64 config-files 1.0\n') },
      sees: { packages: { nginx: 'settings' } },
    },
    'sees nothing to purge where nothing ever was': {
      given: { name: 'nginx', state: 'absent', purge: true },
      machine: { 'dpkg-query': says('') },
      sees: { packages: { nginx: 'absent' } },
    },
    'settings do not count where they may stay': {
      given: { name: 'nginx', state: 'absent' },
      machine: { 'dpkg-query': says('nginx amd64 config-files 1.0\n') },
      sees: { packages: { nginx: 'absent' } },
    },
    'sees the version where one is asked for': {
      given: { name: 'nginx=1.1' },
      machine: { 'dpkg-query': says('nginx amd64 installed 1.0\n') },
      sees: { packages: { 'nginx=1.1': '1.0' } },
    },
    'sees what apt would choose, also by its full name': {
      given: { name: ['nginx:amd64', 'nginx:i386'], state: 'latest' },
      machine: { 'dpkg-query': says('nginx amd64 installed 1.0\n', `${policy}nginx:i386:\n  Installed: (none)\n  Candidate: 1.2\n`) },
      sees: { packages: { 'nginx:amd64': '1.0', 'nginx:i386': 'absent' }, newest: { 'nginx:amd64': '1.1', 'nginx:i386': '1.2' } },
    },
  },
  apply: {
    'installs what is missing, without a question (beh:P1, beh:P20)': {
      given: { name: ['a0', 'b0'] },
      now: { packages: { a0: 'installed', b0: 'absent' } },
      wants: { packages: { a0: 'installed', b0: 'installed' } },
      runs: [aptGet(' install -- b0')],
    },
    'installs nothing where all is there (beh:P1)': { given: { name: 'a0' }, now: { packages: { a0: 'installed' } }, runs: [] },
    'installs without what is recommended': {
      given: { name: 'a0', installRecommends: false },
      now: { packages: { a0: 'absent' } },
      runs: [aptGet('-o APT::Install-Recommends=false install -- a0')],
    },
    'installs a version (beh:P3)': {
      given: { name: 'a0=1.0' },
      now: { packages: { 'a0=1.0': '0.9' } },
      wants: { packages: { 'a0=1.0': '1.0' } },
      runs: [aptGet(' install -- a0=1.0')],
    },
    'installs the newest (beh:P3)': {
      given: { name: ['a0', 'b0'], state: 'latest' },
      now: { packages: { a0: '1.0', b0: '2.0' }, newest: { a0: '1.1', b0: '2.0' } },
      wants: { packages: { a0: '1.1', b0: '2.0' }, newest: { a0: '1.1', b0: '2.0' } },
      runs: [aptGet(' install -- a0')],
    },
    'leaves a package alone that no list has any more': {
      given: { name: 'a0', state: 'latest' },
      now: { packages: { a0: '1.0' }, newest: { a0: '' } },
      runs: [],
    },
    'removes (beh:P1)': { given: { name: 'a0', state: 'absent' }, now: { packages: { a0: 'installed' } }, runs: [aptGet(' remove -- a0')] },
    'purges what is left': {
      given: { name: 'a0', state: 'absent', purge: true },
      now: { packages: { a0: 'settings' } },
      runs: [aptGet(' purge -- a0')],
    },
    'removes nothing where nothing is (beh:P1)': { given: { name: 'a0', state: 'absent' }, now: { packages: { a0: 'absent' } }, runs: [] },
    'a package that nobody has is refused, in check mode too (beh:P4)': {
      given: { name: 'ngnix' },
      now: { packages: { ngnix: 'unavailable' } },
      refuses: /No package matching 'ngnix' is available in the lists that the host has/,
    },
  },
  refuses: {
    'an option': { given: { name: '-y' }, says: /expected a package like "nginx"/ },
    'a wildcard': { given: { name: ['ngin*'] }, says: /wildcards and files are not known yet/ },
    nothing: { given: { name: [] }, says: /parameter 'name'/ },
    'a version to remove': { given: { name: 'a0=1', state: 'absent' }, says: /a version goes with state present only: a0=1/ },
    'lists to be fetched': { given: { name: 'a0', updateCache: true }, says: /updateCache/ },
  },
})

test('a host without apt is told so', async () => {
  await expect(apt('a', { name: 'nginx' }).plan(readerOf({ dpkg: { code: 127 } }))).rejects.toThrow(
    /expected a host with dpkg and apt, found none/,
  )
})

const why = ((): string | undefined => {
  if (process.env['CI'] === 'true') return undefined
  return spawnSync('sh', ['-c', 'command -v dpkg-query&&command -v apt-get']).status === 0 ? undefined : 'this machine has no dpkg and apt'
})()
test.skipIf(why !== undefined)(`a real host is understood${why === undefined ? '' : ` (not run: ${why})`}`, async () => {
  const on = await localConnector().connect({ name: 'here', vars: {}, connection: { kind: 'local' } }, new AbortController().signal)
  try {
    const plan = (given: Parameters<typeof apt>[1]) => apt('a', given).plan(on)
    expect(await plan({ name: ['dpkg', 'apt'] })).toMatchObject({
      changes: false,
      now: { packages: { dpkg: 'installed', apt: 'installed' } },
    })
    const { now } = await plan({ name: 'dpkg', state: 'latest' })
    expect(now).toMatchObject({ packages: { dpkg: expect.stringMatching(/^\d/) }, newest: { dpkg: expect.stringMatching(/^\d/) } })
    await expect(plan({ name: 'skep-no-such-package' })).rejects.toThrow(/No package matching/)
    expect(await plan({ name: 'skep-no-such-package', state: 'absent' })).toMatchObject({ changes: false })
  } finally {
    await on.close()
  }
})
