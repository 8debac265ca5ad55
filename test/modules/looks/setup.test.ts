import { hostname, release } from 'node:os'
import { expect, test } from 'vitest'
import { setup } from '../../../modules/looks/setup.ts'
import { localConnector } from '../../../runner/connections/local.ts'
import { readerOf } from '../test-module.ts'

const debian = [
  'Linux\n6.1.0-28-amd64\nx86_64\nweb1.example.org\n',
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
  '2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever\n2: eth0    inet6 2001:db8::2/64 scope global \\  valid_lft forever\n3: wg0    inet 10.0.0.1/32 scope global wg0\n',
  'default via 192.0.2.1 dev eth0 \n',
  'default via fe80::1 dev eth0 proto ra metric 100 src 2001:db8::2\n',
  'MemTotal:        2048000 kB\nMemFree:          512000 kB\nSwapTotal:             0 kB\n',
  '4\n',
  '93784.53 123.4\n',
  'apt\n',
  'systemd\n',
  'root\n0\n',
].join('\0')

test('facts are typed and have Ansible’s names', async () => {
  expect(await setup({}).look(readerOf({ uname: debian }))).toEqual({
    system: 'Linux',
    kernel: '6.1.0-28-amd64',
    architecture: 'x86_64',
    nodename: 'web1.example.org',
    hostname: 'web1',
    distribution: 'Debian',
    distributionVersion: '12',
    distributionMajorVersion: '12',
    distributionRelease: 'bookworm',
    osFamily: 'Debian',
    allIpv4Addresses: ['192.0.2.2', '10.0.0.1'],
    allIpv6Addresses: ['2001:db8::2'],
    defaultIpv4: { interface: 'eth0', gateway: '192.0.2.1', address: '192.0.2.2' },
    defaultIpv6: { interface: 'eth0', gateway: 'fe80::1', address: '2001:db8::2' },
    memtotalMb: 2000,
    memfreeMb: 500,
    swaptotalMb: 0,
    processorVcpus: 4,
    uptimeSeconds: 93_784,
    pkgMgr: 'apt',
    serviceMgr: 'systemd',
    userId: 'root',
    userUid: 0,
    python: null,
  })
})

const releases: Readonly<Record<string, readonly [text: string, distribution: string, osFamily: string]>> = {
  Ubuntu: ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'Ubuntu', 'Debian'],
  Amazon: ['NAME="Amazon Linux"\nID="amzn"\nID_LIKE="fedora"\n', 'Amazon', 'RedHat'],
  Rocky: ['NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', 'Rocky', 'RedHat'],
  openSUSE: ['NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\n', 'openSUSE Leap', 'Suse'],
  Alpine: ["NAME='Alpine Linux'\nID=alpine\n", 'Alpine', 'Alpine'],
  'one that nobody knows': ['NAME=Mine\nID=mine\n', 'Mine', 'Linux'],
  'a host that does not say': ['', 'Linux', 'Linux'],
}
for (const [what, [text, distribution, osFamily]] of Object.entries(releases)) {
  test(`${what} is told by its os-release`, async () => {
    const said = ['Linux\nk\nm\nn\n', text, ...Array.from({ length: 8 }, () => ''), 'ada\n7\n'].join('\0')
    const facts = await setup({}).look(readerOf({ uname: said }))
    expect(facts).toMatchObject({
      distribution,
      osFamily,
      allIpv4Addresses: [],
      defaultIpv4: null,
      memtotalMb: 0,
      pkgMgr: null,
      userUid: 7,
    })
  })
}

test('this machine tells its own', async () => {
  const on = await localConnector().connect({ name: 'here', vars: {}, connection: { kind: 'local' } }, new AbortController().signal)
  try {
    const facts = await setup({}).look(on)
    expect(facts).toMatchObject({ kernel: release(), nodename: hostname(), userUid: process.getuid?.() })
    expect(facts.processorVcpus).toBeGreaterThan(0)
  } finally {
    await on.close()
  }
})
