/** What Ansible's connection variables say, as Skep connects. */
import { homedir } from 'node:os'
import type { Host, Plain } from '../runner/contract.ts'
import { Secret } from '../runner/secret.ts'
import type { Assigned, Variables } from './variables.ts'
import { wordsOf } from './words.ts'

type Reach = Pick<Host, 'connection' | 'become' | 'becomeAs' | 'becomePassword'>

/** Variables that are secrets wherever they are set. */
export const secretNames: readonly string[] = [
  'ansible_become_password',
  'ansible_become_pass',
  'ansible_password',
  'ansible_ssh_pass',
  'ansible_ssh_password',
]

/** How a host is reached; `own` is what our own form of an inventory says, and wins. */
export function reachOf(name: string, variables: Variables, own?: Host['connection']): Reach {
  const said = new Said(variables)
  try {
    return { connection: own ?? connectionOf(name, said), ...becomeOf(said) }
  } catch (error) {
    if (error instanceof NotForUs) return { connection: { kind: 'none', why: error.message } }
    throw error
  }
}

class NotForUs extends Error {}

function connectionOf(name: string, said: Said): Host['connection'] {
  const kind = said.text('ansible_connection') ?? 'ssh'
  if (kind === 'local') return { kind: 'local' }
  if (!['ssh', 'smart', 'ansible.builtin.ssh'].includes(kind))
    throw said.no('ansible_connection', `is '${kind}': Skep reaches hosts by ssh, or is on them (local)`)
  for (const key of ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'])
    if (said.has(key))
      throw said.no(
        key,
        `is a password to log in with, and Skep logs in with keys. Put your public key on the host (ssh-copy-id) and take ${key} out`,
      )
  if (['powershell', 'cmd'].includes(said.text('ansible_shell_type') ?? ''))
    throw said.no('ansible_shell_type', 'is of Windows, which Skep does not manage')
  const host = said.text('ansible_host') ?? said.text('ansible_ssh_host') ?? name
  const port = portOf(said, 'ansible_port') ?? portOf(said, 'ansible_ssh_port')
  const user = said.text('ansible_user') ?? said.text('ansible_ssh_user')
  const key = said.text('ansible_ssh_private_key_file') ?? said.text('ansible_private_key_file')
  const hostKey = said.text('skep_host_key')
  const proxyJump = jumpOf(said)
  return {
    kind: 'ssh',
    host,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(key === undefined ? {} : { privateKeyFile: key.replace(/^~(?=\/|$)/, homedir()) }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(proxyJump === undefined ? {} : { proxyJump }),
  }
}

function portOf(said: Said, key: string): number | undefined {
  const text = said.text(key)
  if (text === undefined) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535) return Number(text)
  throw said.no(key, `is '${text}': expected a port from 1 to 65535`)
}

/** The hosts to go through. Other arguments of the `ssh` program mean nothing here, and may matter: they are refused. */
function jumpOf(said: Said): string | undefined {
  let jump: string | undefined
  for (const key of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    const words = wordsOf(said.text(key) ?? '', key)
    for (let index = 0; index < words.length; index += 1) {
      const word = words[index] ?? ''
      const [, flag, rest] = /^-([Jo])(.*)$/s.exec(word) ?? []
      const value = flag === undefined ? '' : rest === '' ? (words[++index] ?? '') : (rest ?? '')
      const [, named] = flag === 'J' ? ['', value] : (/^ProxyJump\s*[=\s]\s*(.+)$/is.exec(value) ?? [])
      if (flag === undefined || named === undefined || named === '')
        throw said.no(key, refusal(flag === undefined ? word : `${word} ${value}`))
      jump = named
    }
  }
  return jump === undefined || jump.toLowerCase() === 'none' ? undefined : jump
}

function refusal(argument: string): string {
  const known = `has '${argument.trim()}': Skep does not run the ssh program and takes only hosts to go through`
  if (/StrictHostKeyChecking|UserKnownHostsFile/i.test(argument))
    return `${known}. It trusts keys that it knows: give the host's as skep_host_key, or in known_hosts`
  if (/ProxyCommand/i.test(argument)) return `${known}. Write -o ProxyJump=user@bastion instead`
  return `${known}, as -o ProxyJump=user@bastion; the rest belongs in ssh_config`
}

function becomeOf(said: Said): Omit<Reach, 'connection'> {
  for (const key of ['ansible_become_exe', 'ansible_become_flags'])
    if (said.has(key)) throw said.no(key, 'changes how sudo or su is called, which Skep does in one way: take it out')
  const method = said.text('ansible_become_method')?.replace(/^ansible\.builtin\./, '')
  if (method !== undefined && method !== 'sudo' && method !== 'su')
    throw said.no('ansible_become_method', `is '${method}': Skep becomes another user by sudo or su`)
  const [user, become, password] = [
    said.text('ansible_become_user'),
    said.truth('ansible_become'),
    said.secret('ansible_become_password', 'ansible_become_pass'),
  ]
  return {
    ...(become === undefined ? {} : { become }),
    ...(user === undefined && method === undefined
      ? {}
      : { becomeAs: { ...(user === undefined ? {} : { user }), ...(method === undefined ? {} : { method }) } }),
    ...(password === undefined ? {} : { becomePassword: password }),
  }
}

/** The values that count, with their places for errors. */
class Said {
  readonly #variables: Variables

  constructor(variables: Variables) {
    this.#variables = variables
  }

  has(key: string): boolean {
    return this.#last(key) !== undefined
  }

  text(key: string): string | undefined {
    const value = this.#last(key)?.value
    if (value === undefined) return undefined
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
    throw this.no(key, 'is no text')
  }

  truth(key: string): boolean | undefined {
    const word = this.text(key)?.toLowerCase()
    if (word === undefined) return undefined
    if (['yes', 'y', 'true', 'on', '1', 't'].includes(word)) return true
    if (['no', 'n', 'false', 'off', '0', 'f'].includes(word)) return false
    throw this.no(key, `is '${word}': expected yes or no`)
  }

  secret(...keys: readonly string[]): Secret | undefined {
    const value = keys.map((key) => this.#last(key)?.value).find((found) => found !== undefined)
    return value === undefined || value instanceof Secret ? value : new Secret(plainText(value))
  }

  no(key: string, why: string): NotForUs {
    return new NotForUs(`${this.#last(key)?.where}: ${key} ${why}`)
  }

  /** A variable that is set to nothing is not set. */
  #last(key: string): Assigned | undefined {
    const last = this.#variables.get(key)?.at(-1)
    return last?.value === null || last?.value === '' ? undefined : last
  }
}

const plainText = (value: Plain): string => (typeof value === 'string' ? value : JSON.stringify(value))
