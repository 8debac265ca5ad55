import { z } from 'zod'
import { RemoteError } from '../../runner/errors.ts'
import { sh } from '../../runner/sh.ts'
import { defineLook } from '../../runner/steps.ts'

/** What a host is, under Ansible's names. Sizes are MiB; what the host does not say is null, 0 or empty. */
export type Setup = {
  system: string
  kernel: string
  architecture: string
  nodename: string
  hostname: string
  distribution: string
  distributionVersion: string
  distributionMajorVersion: string
  distributionRelease: string
  osFamily: string
  allIpv4Addresses: string[]
  allIpv6Addresses: string[]
  defaultIpv4: Route | null
  defaultIpv6: Route | null
  memtotalMb: number
  memfreeMb: number
  swaptotalMb: number
  processorVcpus: number
  uptimeSeconds: number
  pkgMgr: string | null
  serviceMgr: string
  userId: string
  userUid: number
  /** Nothing of ours needs one. */
  python: null
}
type Route = { interface: string; gateway: string | null; address: string | null }

/**
 * What a host is: its system, addresses and size. For a play's `facts`, for `decide`, and shown by `skep facts`.
 *
 * @example playbook('web servers', { hosts: 'web', vars, facts: { machine: setup({}) }, tasks: ({ facts: { machine } }) => … })
 */
export const setup = defineLook({
  name: 'setup',
  params: z.strictObject({}),

  async look(_, host): Promise<Setup> {
    const output = await host.probe(sh`export LC_ALL=C;n() { printf '\0';}
uname -s;uname -r;uname -m;uname -n;n
cat /etc/os-release 2>/dev/null||cat /usr/lib/os-release 2>/dev/null;n
ip -o addr show scope global 2>/dev/null;n
ip -o -4 route show default 2>/dev/null;n
ip -o -6 route show default 2>/dev/null;n
cat /proc/meminfo 2>/dev/null;n
nproc 2>/dev/null||getconf _NPROCESSORS_ONLN;n
cat /proc/uptime 2>/dev/null;n
for p in apt-get:apt dnf:dnf yum:yum apk:apk zypper:zypper pacman:pacman;do if command -v "\${p%:*}" >/dev/null;then echo "\${p#*:}";break;fi;done;n
if [ -d /run/systemd/system ];then echo systemd;elif command -v openrc >/dev/null;then echo openrc;else echo service;fi;n
id -un 2>/dev/null||id -u;id -u`)
    if (output.code !== 0) throw new RemoteError('the host', 'gather facts', output)
    return read(output.stdout)
  },
})

function read(said: string): Setup {
  const parts = said.split('\0').map((part) => part.trim())
  const [
    names = '',
    release = '',
    addresses = '',
    route4 = '',
    route6 = '',
    memory = '',
    cpus = '',
    uptime = '',
    packages = '',
    services = '',
  ] = parts
  const [system = '', kernel = '', architecture = '', nodename = ''] = names.split('\n')
  const [userId = '', userUid = ''] = (parts[10] ?? '').split('\n')
  const os = osRelease(release)
  const found = addressesIn(addresses)
  const megabytes = (key: string): number => Math.floor(Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(memory)?.[1] ?? 0) / 1024)
  const version = os.get('VERSION_ID') ?? ''
  return {
    ...{ system, kernel, architecture, nodename, hostname: nodename.split('.')[0] ?? '' },
    distribution: distribution(os.get('ID') ?? '', os.get('NAME') ?? system),
    distributionVersion: version,
    distributionMajorVersion: version.split('.')[0] ?? '',
    distributionRelease: os.get('VERSION_CODENAME') ?? '',
    osFamily: family(`${os.get('ID') ?? ''} ${os.get('ID_LIKE') ?? ''}`, system),
    allIpv4Addresses: found.flatMap(({ kind, address }) => (kind === 'inet' ? [address] : [])),
    allIpv6Addresses: found.flatMap(({ kind, address }) => (kind === 'inet6' ? [address] : [])),
    defaultIpv4: routeIn(route4, 'inet', found),
    defaultIpv6: routeIn(route6, 'inet6', found),
    memtotalMb: megabytes('MemTotal'),
    memfreeMb: megabytes('MemFree'),
    swaptotalMb: megabytes('SwapTotal'),
    processorVcpus: Number(cpus) || 0,
    uptimeSeconds: Math.floor(Number(uptime.split(' ')[0] ?? 0)) || 0,
    pkgMgr: packages === '' ? null : packages,
    serviceMgr: services,
    userId,
    userUid: Number(userUid),
    python: null,
  }
}

/** `KEY=value` with or without quotes. */
function osRelease(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^([A-Z_]+)=(["']?)(.*)\2$/gm)].map(([, key = '', , value = '']) => [key, value]))
}

const distributions: Readonly<Record<string, string>> = {
  alma: 'AlmaLinux',
  almalinux: 'AlmaLinux',
  alpine: 'Alpine',
  amzn: 'Amazon',
  arch: 'Archlinux',
  centos: 'CentOS',
  debian: 'Debian',
  fedora: 'Fedora',
  'opensuse-leap': 'openSUSE Leap',
  rhel: 'RedHat',
  rocky: 'Rocky',
  sles: 'SLES',
  ubuntu: 'Ubuntu',
}

const distribution = (id: string, name: string): string => distributions[id] ?? name

/** What its tools are like; the first that its ids name. */
function family(ids: string, system: string): string {
  const families = {
    debian: 'Debian',
    ubuntu: 'Debian',
    rhel: 'RedHat',
    fedora: 'RedHat',
    centos: 'RedHat',
    suse: 'Suse',
    alpine: 'Alpine',
    arch: 'Archlinux',
  }
  const known = Object.entries({ ...families, amzn: 'RedHat', sles: 'Suse' })
  return known.find(([id]) => ids.split(' ').some((one) => one === id || one.startsWith(`${id}-`)))?.[1] ?? system
}

interface Address {
  readonly interface: string
  readonly kind: string
  readonly address: string
}

/** `2: eth0    inet 192.0.2.2/24 …` */
const addressesIn = (text: string): readonly Address[] =>
  [...text.matchAll(/^\d+: (\S+)\s+(inet6?) ([\da-f:.]+)/gm)].map(([, name = '', kind = '', address = '']) => ({
    ...{ interface: name, kind, address },
  }))

/** `default via 192.0.2.1 dev eth0 src 192.0.2.2 …` */
function routeIn(text: string, kind: string, addresses: readonly Address[]): Route | null {
  const [line = ''] = text.split('\n')
  const after = (word: string): string | undefined => new RegExp(`\\b${word} (\\S+)`).exec(line)?.[1]
  const device = after('dev')
  if (device === undefined) return null
  const own = addresses.find((one) => one.interface === device && one.kind === kind)?.address
  return { interface: device, gateway: after('via') ?? null, address: after('src') ?? own ?? null }
}
