import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type Asked, configFor, type HostConfig, type Reader, usualKeys } from '../../../../runner/connections/ssh/config.ts'

const dir = mkdtempSync(join(tmpdir(), 'skep-g-'))
afterAll(() => rmSync(dir, { recursive: true }))
const { username: user, homedir: home, uid } = userInfo()
const environment = { SSH_AUTH_SOCK: '/run/agent', PLACE: '/from/env' }

let count = 0
function file(text: string): string {
  count += 1
  const path = join(dir, `config-${count}`)
  writeFileSync(path, text)
  return path
}
const reading = (path: string): Reader => ({ files: [{ path, base: join(home, '.ssh') }], home, user, uid, environment })
const read = (text: string, asked: Asked): HostConfig => configFor(asked, reading(file(text)))

/** What `ssh -G` and we both say, in one form. */
interface Seen {
  readonly hostName: string
  readonly port: number
  readonly user: string
  readonly keys: readonly string[]
  readonly only: boolean
  readonly jump: string | undefined
  readonly command: string | undefined
  readonly known: readonly string[]
  readonly global: readonly string[]
  readonly alias: string | undefined
  readonly hash: boolean
  readonly checking: string
  readonly timeout: number | undefined
}

function ssh(path: string, { host, user, port, proxyJump }: Asked): Seen | undefined {
  const flags = [user === undefined ? [] : ['-l', user], port === undefined ? [] : ['-p', `${port}`], proxyJump ? ['-J', proxyJump] : []]
  const { status, stdout } = spawnSync('ssh', ['-G', '-F', path, ...flags.flat(), host], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  })
  if (status !== 0) return undefined
  const all = (keyword: string): string[] =>
    stdout.split('\n').flatMap((line) => (line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1)] : []))
  const one = (keyword: string): string | undefined => all(keyword)[0]
  const list = (keyword: string): string[] => (one(keyword) ?? '').split(' ').filter((word) => word !== '' && word !== 'none')
  const given = (word: string | undefined): string | undefined => (word === 'none' ? undefined : word)
  const checking = one('stricthostkeychecking') ?? ''
  return {
    hostName: one('hostname') ?? '',
    port: Number(one('port')),
    user: one('user') ?? '',
    keys: all('identityfile')
      .filter((key) => key !== 'none' && !/_sk$|xmss|dsa$/.test(key.replace('id_ecdsa', '')))
      .map((key) => key.replace(/^~/, home)),
    only: one('identitiesonly') === 'yes',
    jump: given(one('proxyjump')),
    command: given(one('proxycommand'))
      ?.replaceAll('%h', one('hostname') ?? '')
      .replaceAll('%p', one('port') ?? ''),
    known: list('userknownhostsfile'),
    global: list('globalknownhostsfile'),
    alias: one('hostkeyalias'),
    hash: one('hashknownhosts') === 'yes',
    checking: { true: 'yes', ask: 'yes', false: 'no' }[checking] ?? checking,
    timeout: one('connecttimeout') === 'none' ? undefined : Number(one('connecttimeout')) * 1_000,
  }
}

const hop = ({ user, host, port }: Asked): string => `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`

const ours = (path: string, asked: Asked): Seen => {
  const found = configFor(asked, reading(path))
  return {
    hostName: found.hostName,
    port: found.port,
    user: found.user,
    keys: found.identityFiles ?? usualKeys(home),
    only: found.identitiesOnly,
    jump: found.proxyJump.length === 0 ? undefined : found.proxyJump.map(hop).join(','),
    command: found.proxyCommand,
    known: found.userKnownHosts,
    global: found.globalKnownHosts,
    alias: found.hostKeyAlias,
    hash: found.hashKnownHosts,
    checking: found.checking,
    timeout: found.connectTimeoutMs,
  }
}

const hosts = ['web', 'Web1', 'db1.example.com', 'DB2.Example.com', '10.0.0.7', 'a.b']
const pattern = fc.constantFrom(
  '*',
  'web',
  'web*',
  'w?b',
  '*.example.com',
  '10.0.0.*',
  '!web',
  '!*.example.com',
  'db?.example.com',
  'Web1',
  'a.b',
  '*.EXAMPLE.com',
  'real-*',
)
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 })
const word = fc.constantFrom('ops', 'root', 'deploy')
const criterion = fc.oneof(
  fc
    .tuple(fc.constantFrom('host', 'originalhost', '!host', '!originalhost', 'Host'), patterns)
    .map(([what, list]) => `${what} ${list.join(',')}`),
  fc.tuple(fc.constantFrom('user', '!user'), fc.constantFrom('ops', 'root,ops', '!ops,*', '*')).map((part) => part.join(' ')),
  fc.constantFrom('localuser *', 'localuser nobody-at-all', '!localuser nobody-at-all', 'final', '!final', 'canonical', 'user="ops"'),
)
const block = fc.oneof(
  patterns.map((list) => `Host ${list.join(' ')}`),
  patterns.map((list) => `Host=${list.join('   ')} # a remark`),
  fc.array(criterion, { minLength: 1, maxLength: 3 }).map((list) => `Match ${list.join(' ')}`),
  fc.constantFrom('Match all', 'Match final all', 'Match !all', 'Match final all # x', 'Host "web" *.b'),
)
const setting = fc.oneof(
  fc.constantFrom('HostName real-%h', 'HostName=10.1.2.3', 'HostName "%h.example.com"', 'hostname LOUD.example.com'),
  word.map((name) => `User ${name}`),
  fc.integer({ min: 1, max: 65535 }).map((port) => `Port ${port}`),
  fc.constantFrom('a', 'b', 'a b').map((name) => `IdentityFile "~/keys/${name}"`),
  fc.constantFrom(
    'IdentityFile /k/x # old',
    'IdentityFile none',
    "IdentityFile '/k/y z'",
    'IdentityFile /k/with\\ blank',
    'IdentitiesOnly yes',
    'IdentitiesOnly no',
  ),
  fc.constantFrom('ProxyJump none', 'ProxyJump ops@bastion:2222', 'ProxyJump one,two@two.example.com:22', 'ProxyJump ssh://me@bastion:22'),
  fc.constantFrom(
    'ProxyCommand nc %h %p',
    'ProxyCommand none',
    'ProxyCommand = ssh -W "%h:%p" gate # kept',
    "ProxyCommand sh -c 'exec nc %h %p'",
  ),
  fc.constantFrom(
    'UserKnownHostsFile none',
    'UserKnownHostsFile /kh/1 ~/kh2',
    'UserKnownHostsFile ~/%h',
    'GlobalKnownHostsFile /g/1',
    'HashKnownHosts yes',
  ),
  fc.constantFrom('HostKeyAlias Alias', 'HostKeyAlias other', 'ConnectTimeout 7', 'ConnectTimeout 1m30s', 'ConnectTimeout none'),
  fc.constantFrom('yes', 'no', 'ask', 'accept-new', 'off').map((how) => `StrictHostKeyChecking ${how}`),
  fc.constantFrom('# a remark', '', '   ', '\t  ServerAliveInterval 5', 'Compression yes'),
)
const lines = (depth: number): fc.Arbitrary<string> => {
  const plain = fc.oneof({ weight: 3, arbitrary: setting.map((line) => `  ${line}`) }, { weight: 2, arbitrary: block })
  const line =
    depth === 0
      ? plain
      : fc.oneof({ weight: 8, arbitrary: plain }, { weight: 1, arbitrary: lines(depth - 1).map((text) => `Include ${file(text)}`) })
  return fc.array(line, { maxLength: 14 }).map((list) => `${list.join('\n')}\n`)
}
const asked: fc.Arbitrary<Asked> = fc.record({
  host: fc.constantFrom(...hosts),
  user: fc.option(word, { nil: undefined, freq: 3 }),
  port: fc.option(fc.constantFrom(22, 2200), { nil: undefined, freq: 3 }),
  proxyJump: fc.option(fc.constantFrom('gate', 'ops@gate:2200,two'), { nil: undefined, freq: 5 }),
})

const noSsh = process.env['CI'] !== 'true' && spawnSync('ssh', ['-V']).status !== 0
describe.skipIf(noSsh)('ssh_config is read as ssh reads it', () => {
  test('in generated files, for generated hosts', () => {
    const compare = (text: string, wanted: Asked): void => {
      const path = file(text)
      const theirs = ssh(path, wanted)
      fc.pre(theirs !== undefined)
      expect(ours(path, wanted)).toEqual(theirs)
    }
    fc.assert(fc.property(lines(2), asked, compare), { numRuns: 150 })
  }, 120_000)

  test('with nothing in it', () => {
    const path = file('')
    expect(ours(path, { host: 'web' })).toEqual(ssh(path, { host: 'web' }))
  })
})

describe('tokens are expanded', () => {
  const at = { host: 'Web', user: 'ops', port: 2200 }
  const short = hostname().split('.')[0]
  test.each([
    ['IdentityFile ~/k/%h', `${home}/k/real-web`],
    ['IdentityFile %d/%u_%r_%p_%n_%k_%%', `${home}/${user}_ops_2200_Web_Web_%`],
    ['HostKeyAlias Alias\nIdentityFile /%k', '/alias'],
    [`IdentityFile /%L/%l/%i`, `/${short}/${hostname()}/${uid}`],
    [`IdentityFile \${PLACE}/key`, '/from/env/key'],
  ])('%j names the key %s', (line, path) => {
    expect(read(`HostName real-%h\n${line}\n`, at).identityFiles).toEqual([path])
  })

  test('in ProxyCommand and the files of known hosts', () => {
    const found = read('ProxyCommand nc -X 5 %h %p %r %n %%\nUserKnownHostsFile ~/kh/%h "/k h/%p"\n', at)
    expect(found.proxyCommand).toBe('nc -X 5 web 2200 ops Web %')
    expect(found.userKnownHosts).toEqual([`${home}/kh/web`, '/k h/2200'])
  })
})

describe('an agent is', () => {
  test.each([
    ['', '/run/agent'],
    ['IdentityAgent none', undefined],
    ['IdentityAgent SSH_AUTH_SOCK', '/run/agent'],
    ['IdentityAgent $PLACE', '/from/env'],
    ['IdentityAgent ~/sock', `${home}/sock`],
  ])('with %j at %s', (line, socket) => {
    expect(read(line, { host: 'web' }).agent).toBe(socket)
  })
})

describe('what cannot be decided or is not spoken is refused, with file and line', () => {
  const refused: Record<string, RegExp> = {
    'Match exec "test -d /x"': /config-\d+:1: 'Match exec' would run a program to find out how to connect, which Skep does not do\. Say it/,
    '\nMatch host web exec true\n User x': /config-\d+:2: 'Match exec'/,
    'Match localnetwork 10.0.0.0/8': /:1: cannot decide 'Match localnetwork'/,
    'Match host': /:1: expected a value after 'host'/,
    'Match user ops all': /:1: expected 'all' alone/,
    'Port http': /:1: expected a whole number from 1 to 65535, got http/,
    'StrictHostKeyChecking maybe': /:1: expected StrictHostKeyChecking yes, accept-new, no or ask, got maybe/,
    'CanonicalizeHostname yes': /:1: CanonicalizeHostname is not supported/,
    'RevokedHostKeys /etc/ssh/revoked': /:1: RevokedHostKeys is not supported\. Mark the keys with @revoked/,
    'IdentityFile ~/%C': /expected one of %% %d .*, got %C/,
    'HostName %p': /HostName knows %h and %%, got %p/,
    'ConnectTimeout soon': /expected a time like 10, 30s or 1m30s, got soon/,
    'ProxyJump a:b:c': /:1: expected hosts to go through like ops@bastion:2222,second, got 'a:b:c'/,
    'User "ops': /:1: expected the quote " to end/,
    [`IdentityFile \${NOT_THERE_AT_ALL}/x`]: /the environment has no NOT_THERE_AT_ALL/,
  }
  for (const [text, says] of Object.entries(refused)) {
    test(JSON.stringify(text), () => expect(() => read(text, { host: 'web' })).toThrow(says))
  }

  test('but not where the answer does not hang on it', () => {
    expect(read('Match host db exec true\n User x\nMatch user nobody exec true\n User x\nMatch all\n User y', { host: 'web' }).user).toBe(
      'y',
    )
  })

  test('files that include each other', () => {
    const path = file('')
    writeFileSync(path, `Include ${path}\n`)
    expect(() => configFor({ host: 'web' }, reading(path))).toThrow(/more than 16 ssh_config files include each other/)
  })
})
