import { z } from 'zod'
import type { Command } from '../runner/contract.ts'
import { defineModule } from '../runner/define.ts'
import { RemoteError, TaskFailed } from '../runner/errors.ts'
import { sh } from '../runner/sh.ts'

const name = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?(=[A-Za-z0-9.+~:-]+)?$/
const expected = 'expected a package like "nginx", "libc6:amd64" or "nginx=1.24.0-2" (wildcards and files are not known yet)'

const params = z
  .strictObject({
    name: z
      .union([z.string(), z.array(z.string()).min(1)])
      .transform((names) => [...new Set([names].flat())])
      .superRefine((names, issue) => {
        for (const one of names) if (!name.test(one)) issue.addIssue({ code: 'custom', message: `${expected}, got ${JSON.stringify(one)}` })
      })
      .describe('A package or a list of them; one with =VERSION is kept at just that version.'),
    state: z
      .enum(['present', 'absent', 'latest'])
      .default('present')
      .describe('present: installed. latest: in the version that apt would choose now. absent: not installed.'),
    purge: z.boolean().default(false).describe('absent: remove its settings too.'),
    installRecommends: z.boolean().optional().describe('Install what packages recommend too. Default: as apt is set up on the host.'),
    updateCache: z.literal(false).default(false).describe('Only false for now: the lists are taken as they are on the host.'),
  })
  .superRefine(({ name: names, state }, issue) => {
    const versioned = names.find((one) => one.includes('='))
    if (versioned !== undefined && state !== 'present')
      issue.addIssue({ code: 'custom', path: ['name'], message: `a version goes with state present only: ${versioned}` })
  })

type Params = z.output<typeof params>
/**
 * What each package is, by the name it was given: `installed`, or its version where that matters; `absent`; `unavailable` where nothing of that
 * name could be installed; `settings` where only those are left to purge. `newest`: what apt would choose.
 */
type State = { packages: Record<string, string>; newest?: Record<string, string> }

/**
 * Keeps packages of Debian and its kin installed, or away.
 *
 * @example apt('what the application needs', { name: ['sudo', 'cron', 'ca-certificates'] })
 */
export const apt = defineModule({
  name: 'apt',
  params,

  async check(given, host): Promise<State> {
    const names = given.name.map(bareName)
    const output = await host.probe(look(names, given.state))
    if (output.code === 127) throw new TaskFailed('expected a host with dpkg and apt, found none: apt is for Debian and its kin')
    if (output.code !== 0) throw new RemoteError('the host', `look for the packages ${names.join(', ')}`, output)
    const [native = '', status = '', policy] = output.stdout.split('\0')
    const found = statuses(status, native)
    const candidate = candidates(policy ?? '', native)
    const packages = given.name.map((one): readonly [string, string] => {
      const { status: is, version } = found(bareName(one))
      if (is === 'installed') return [one, given.state === 'latest' || one.includes('=') ? version : 'installed']
      if (given.state === 'absent') return [one, is === 'config-files' && given.purge ? 'settings' : 'absent']
      return [one, policy !== undefined && candidate(bareName(one)) === undefined ? 'unavailable' : 'absent']
    })
    const newest = given.name.map((one) => [one, candidate(bareName(one)) ?? ''] as const)
    return { packages: Object.fromEntries(packages), ...(given.state === 'latest' ? { newest: Object.fromEntries(newest) } : {}) }
  },

  want(given, { packages, newest }): State {
    const wished = ([one, is]: readonly [string, string]): readonly [string, string] => {
      if (given.state === 'absent') return [one, 'absent']
      if (is === 'unavailable')
        throw new TaskFailed(`No package matching '${bareName(one)}' is available in the lists that the host has`, { name: one })
      if (given.state === 'present') return [one, one.split('=')[1] ?? 'installed']
      return [one, newest?.[one] || is]
    }
    return { packages: Object.fromEntries(Object.entries(packages).map(wished)), ...(newest === undefined ? {} : { newest }) }
  },

  async apply({ params: given, now, want }, host) {
    const differing = given.name.filter((one) => now.packages[one] !== want.packages[one])
    const remove = given.purge ? 'purge' : 'remove'
    await host.run(aptGet(given, given.state === 'absent' ? remove : 'install', differing))
  },

  show: ({ state }, { packages }) => ({ packages, state }),
})

const bareName = (one: string): string => one.replace(/=.*/, '')

/** A question must never be asked: nobody would answer. Settings that somebody changed stay; another apt is waited for. */
function aptGet({ installRecommends }: Params, what: string, packages: readonly string[]): Command {
  const recommends = installRecommends === undefined ? [] : ['-o', `APT::Install-Recommends=${installRecommends}`]
  const options = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold', '-o', 'DPkg::Lock::Timeout=60']
  return sh`LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -y -q ${options} ${recommends} ${what} -- ${packages} </dev/null`
}

/**
 * The host's architecture, what dpkg knows of the packages and, where something is missing or the newest is wished, what apt would choose;
 * a NUL before the second and the third.
 */
function look(names: readonly string[], state: Params['state']): Command {
  const policy = sh`{ printf '\0'&&apt-cache policy -- ${names};}`
  const asks = state === 'absent' ? sh`:` : state === 'latest' ? policy : sh`[ $m = 0 ]||${policy}`
  return sh`export LC_ALL=C;command -v dpkg-query >/dev/null&&command -v apt-get >/dev/null||exit 127
dpkg --print-architecture;printf '\0'
dpkg-query -W -f='\${Package} \${Architecture} \${db:Status-Status} \${Version}\n' -- ${names} 2>/dev/null;m=$?
${asks}`
}

interface Found {
  readonly status: string
  readonly version: string
}

/** Finds a package among what dpkg-query said: that of its architecture, otherwise the host's own or one for all. */
function statuses(said: string, native: string): (name: string) => Found {
  const all = said.split('\n').map((line) => line.split(' '))
  return (name) => {
    const [base, wished] = name.split(':')
    const fitting = wished === undefined ? [native.trim(), 'all'] : [wished]
    const [, , status = '', version = ''] = all.find(([one, architecture = '']) => one === base && fitting.includes(architecture)) ?? []
    return { status, version }
  }
}

/** Reads `name:` with `  Candidate: version` below it; apt leaves the host's own architecture out of names. */
function candidates(policy: string, native: string): (name: string) => string | undefined {
  const found = new Map(
    [...policy.matchAll(/^(\S+):\n(?: .*\n)*? {2}Candidate: (\S+)$/gm)].map(([, one = '', version = '']) => [one, version]),
  )
  const own = `:${native.trim()}`
  return (name) => {
    const version = found.get(name) ?? (name.endsWith(own) ? found.get(name.slice(0, -own.length)) : undefined)
    return version === '(none)' ? undefined : version
  }
}
