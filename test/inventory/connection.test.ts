import { homedir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { reachOf } from '../../inventory/connection.ts'
import type { Variables } from '../../inventory/variables.ts'
import type { Plain } from '../../runner/contract.ts'
import { Secret } from '../../runner/secret.ts'

const said = (vars: Readonly<Record<string, Plain | Secret>>): Variables =>
  new Map(Object.entries(vars).map(([key, value]) => [key, [{ value, where: 'hosts:3', level: 'host', of: 'h1' }]]))

describe("Ansible's connection variables", () => {
  const good: Record<string, [Record<string, Plain>, object]> = {
    'nothing: the name over SSH, all else from ssh_config': [{}, { connection: { kind: 'ssh', host: 'h1' } }],
    'address, port and user': [
      { ansible_host: '10.0.0.5', ansible_port: 2222, ansible_user: 'ops' },
      { connection: { kind: 'ssh', host: '10.0.0.5', port: 2222, user: 'ops' } },
    ],
    'texts and numbers where INI makes one of the other': [
      { ansible_port: '22', ansible_user: 1000 },
      { connection: { kind: 'ssh', host: 'h1', port: 22, user: '1000' } },
    ],
    'their older names': [
      { ansible_ssh_host: 'a', ansible_ssh_port: 1, ansible_ssh_user: 'b', ansible_private_key_file: 'k' },
      { connection: { kind: 'ssh', host: 'a', port: 1, user: 'b', privateKeyFile: 'k' } },
    ],
    'a key at home, and a pin': [
      { ansible_ssh_private_key_file: '~/.ssh/id', skep_host_key: 'ssh-ed25519 AAAA' },
      { connection: { kind: 'ssh', host: 'h1', privateKeyFile: `${homedir()}/.ssh/id`, hostKey: 'ssh-ed25519 AAAA' } },
    ],
    'what is empty is not said': [
      { ansible_user: '', ansible_port: null, ansible_ssh_common_args: '' },
      { connection: { kind: 'ssh', host: 'h1' } },
    ],
    'this machine': [{ ansible_connection: 'local' }, { connection: { kind: 'local' } }],
    'a host to go through, as an option': [
      { ansible_ssh_common_args: '-o ProxyJump=ops@bastion:22' },
      { connection: { kind: 'ssh', host: 'h1', proxyJump: 'ops@bastion:22' } },
    ],
    'hosts to go through, as a flag': [
      { ansible_ssh_extra_args: "-J 'a,b'" },
      { connection: { kind: 'ssh', host: 'h1', proxyJump: 'a,b' } },
    ],
    'a host to go through, written together': [
      { ansible_ssh_common_args: '"-oProxyJump bastion"' },
      { connection: { kind: 'ssh', host: 'h1', proxyJump: 'bastion' } },
    ],
    'becoming root': [{ ansible_become: 'yes' }, { connection: { kind: 'ssh', host: 'h1' }, become: true }],
    'not becoming anybody': [{ ansible_become: false }, { connection: { kind: 'ssh', host: 'h1' }, become: false }],
    'whom to become, whenever that is': [
      { ansible_become_user: 'app', ansible_become_method: 'su' },
      { connection: { kind: 'ssh', host: 'h1' }, becomeAs: { user: 'app', method: 'su' } },
    ],
  }
  test.each(Object.entries(good))('%s', (_, [vars, reach]) => expect(reachOf('h1', said(vars))).toEqual(reach))

  const none: Record<string, [Record<string, Plain>, RegExp]> = {
    'a connection that Skep has not': [
      { ansible_connection: 'winrm' },
      /ansible_connection is 'winrm': Skep reaches hosts by ssh, or is on them \(local\)/,
    ],
    'a password to log in with': [
      { ansible_password: 'x' },
      /ansible_password is a password.* Put your public key on the host \(ssh-copy-id\) and take ansible_password out/,
    ],
    'a password by its older name': [{ ansible_ssh_pass: 'x' }, /ansible_ssh_pass is a password/],
    'a port that is none': [{ ansible_port: '99999' }, /ansible_port is '99999': expected a port from 1 to 65535/],
    'other arguments of ssh': [
      { ansible_ssh_common_args: '-o ProxyJump=b -C' },
      /has '-C': Skep does not run the ssh program.*belongs in ssh_config/,
    ],
    'a command to go through': [
      { ansible_ssh_common_args: '-o ProxyCommand="ssh -W %h:%p b"' },
      /has '-o ProxyCommand=ssh -W %h:%p b'.*Write -o ProxyJump=user@bastion instead/,
    ],
    'trust in any key': [
      { ansible_ssh_extra_args: '-o StrictHostKeyChecking=no' },
      /It trusts keys that it knows: give the host's as skep_host_key/,
    ],
    'a way to become that Skep has not': [
      { ansible_become_method: 'doas' },
      /ansible_become_method is 'doas': Skep becomes another user by sudo or su/,
    ],
    'other flags of sudo': [{ ansible_become_flags: '-i' }, /ansible_become_flags changes how sudo or su is called/],
    'a truth that is none': [{ ansible_become: 'maybe' }, /ansible_become is 'maybe': expected yes or no/],
    'a list as a user': [{ ansible_user: ['a'] }, /ansible_user is no text/],
  }
  test.each(Object.entries(none))('%s: the host is known, not reached, and says why and where', (_, [vars, why]) => {
    const { connection } = reachOf('h1', said(vars))
    expect(connection).toMatchObject({ kind: 'none', why: expect.stringMatching(why) })
    expect(connection.kind === 'none' && connection.why).toMatch(/^hosts:3: /)
  })

  test('a password for sudo is a secret', () => {
    expect(reachOf('h1', said({ ansible_become_pass: new Secret('hush') })).becomePassword?.reveal()).toBe('hush')
  })

  test('what our own form says of the connection wins', () => {
    expect(reachOf('h1', said({ ansible_host: 'x', ansible_password: 'y' }), { kind: 'local' })).toEqual({ connection: { kind: 'local' } })
  })
})
