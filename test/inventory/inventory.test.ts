import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadInventory } from '../../inventory/load.ts'
import type { Host } from '../../runner/contract.ts'
import { UsageError } from '../../runner/errors.ts'
import { Secret } from '../../runner/secret.ts'

describe('an inventory', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skep-i-'))
    await writeFile(join(dir, 'key'), 'PEM')
  })
  afterAll(() => rm(dir, { recursive: true }))
  const load = async (name: string, text: string): Promise<readonly Host[]> => {
    await writeFile(join(dir, name), text)
    return (await loadInventory([join(dir, name)])).hosts
  }
  const ssh = { kind: 'ssh', host: '10.0.0.1', user: 'ops', privateKeyFile: 'key', hostKey: 'ssh-ed25519 AAAA' }

  test('is this machine', async () => {
    const { hosts } = await loadInventory(['local:'])
    expect(hosts).toMatchObject([{ name: 'localhost', vars: {}, groups: ['ungrouped'], connection: { kind: 'local' } }])
  })

  test('is a JSON file: common variables, groups, keys from files beside it', async () => {
    const text = JSON.stringify({
      vars: { a: 1, b: 1 },
      hosts: { web1: { vars: { b: [2] }, groups: ['web'], connection: ssh }, here: { connection: { kind: 'local', cwd: '/' } } },
    })
    const [here, web] = await load('a.json', text)
    expect(web).toMatchObject({
      name: 'web1',
      groups: ['web'],
      vars: { a: 1, b: [2] },
      connection: { kind: 'ssh', host: '10.0.0.1', port: 22, user: 'ops', hostKey: 'ssh-ed25519 AAAA' },
    })
    expect(web?.connection.kind === 'ssh' && web.connection.privateKey?.reveal()).toBe('PEM')
    expect(here?.connection).toEqual({ kind: 'local', cwd: '/' })
  })

  test('is a TypeScript or JavaScript file', async () => {
    const typed = 'const size: number = 3\nexport default { hosts: { a: { vars: { size }, connection: { kind: "local" } } } }'
    expect(await load('b.ts', typed)).toMatchObject([{ name: 'a', vars: { size: 3 }, connection: { kind: 'local' } }])
    expect(await load('c.mjs', typed.replace(': number', ''))).toHaveLength(1)
  })

  const wrong: Record<string, [string, string, RegExp]> = {
    'text that is no JSON': ['x.json', '{', /x\.json cannot be loaded: /],
    'a module that breaks': ['x.mjs', 'throw new Error("oh")', /x\.mjs cannot be loaded: oh/],
    'no hosts': ['y.json', '{}', /parameter 'hosts'/],
    'a misspelt word': ['z.json', JSON.stringify({ hosts: { a: { conection: {} } } }), /hosts\.a/],
    'a port that is none': [
      'p.json',
      JSON.stringify({ hosts: { a: { connection: { ...ssh, port: 99_999 } } } }),
      /'hosts\.a\.connection\.port': .*got 99999/,
    ],
    'no pin': ['q.json', JSON.stringify({ hosts: { a: { connection: { ...ssh, hostKey: undefined } } } }), /hostKey.*got nothing/],
    'no key': [
      'r.json',
      JSON.stringify({ hosts: { a: { connection: { ...ssh, privateKeyFile: undefined } } } }),
      /expected privateKey \(a Secret\) or privateKeyFile/,
    ],
    'a key file that is not there': [
      's.json',
      JSON.stringify({ hosts: { a: { connection: { ...ssh, privateKeyFile: 'nope' } } } }),
      /private key of a cannot be read: ENOENT/,
    ],
  }
  for (const [what, [name, text, says]] of Object.entries(wrong)) {
    test(`with ${what} is one clear error`, async () => {
      const error = await load(name, text).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(UsageError)
      expect((error as Error).message).toMatch(says)
    })
  }

  test('that is not there is named', async () => {
    await expect(loadInventory([join(dir, 'none.json')])).rejects.toThrow(/none\.json cannot be read: ENOENT/)
  })

  test('may hold secrets as such', async () => {
    const secret = new URL('../../runner/secret.ts', import.meta.url).href
    const [found] = await load(
      'd.ts',
      `import { Secret } from '${secret}'\nexport default { hosts: { a: { vars: { t: new Secret('x') }, connection: { kind: 'local' } } } }`,
    )
    const value = found?.vars['t']
    expect(value instanceof Secret && value.reveal()).toBe('x')
  })
})
