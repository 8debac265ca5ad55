/** What the compiler refuses: `npm run types` fails if one of these is accepted. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { file } from '../../modules/file.ts'
import type { Connection, Reader } from '../../runner/contract.ts'
import { defineModule } from '../../runner/define.ts'
import { playbook } from '../../runner/playbook.ts'
import { Secret } from '../../runner/secret.ts'
import { sh } from '../../runner/sh.ts'
import { block, decide, defineLook } from '../../runner/steps.ts'

const params = z.object({ name: z.string() })
const name = 'x'
const size = defineLook({ name: 'size', params: z.object({}), look: async () => 1 })

/** Never called: only its types matter. */
const refused = {
  misspelt: () => {
    // @ts-expect-error a misspelt parameter
    file('f', { path: '/a', ownr: 'root' })
  },
  missing: () => {
    // @ts-expect-error a missing parameter
    file('f', { state: 'absent' })
  },
  value: () => {
    // @ts-expect-error a value that is none
    file('f', { path: '/a', state: 'present' })
  },
  option: () => {
    // @ts-expect-error an option of actions only
    file('f', { path: '/a' }, { changedWhen: () => true })
  },
  unquoted: (host: Connection) => {
    // @ts-expect-error nobody quoted it
    host.run(`rm -rf ${name}`)
  },
  secretInCommand: () => {
    // @ts-expect-error a secret in a command line
    sh`echo ${new Secret('x')}`
  },
  writingReader: (host: Reader) => {
    // @ts-expect-error a Reader only looks
    host.run(sh`true`)
  },
  writingCheck: () =>
    defineModule({
      name: 'm',
      params,
      // @ts-expect-error a check that writes
      check: async (_, host: Connection) => ({ code: (await host.run(sh`true`)).code }),
      want: (_, now) => now,
      apply: async () => undefined,
    }),
  dateInState: () =>
    defineModule({
      name: 'm',
      params,
      // @ts-expect-error a Date is not plain data
      check: async () => ({ at: new Date() }),
      want: (_, now) => now,
      apply: async () => undefined,
    }),
  functionInState: () =>
    defineModule({
      name: 'm',
      params,
      // @ts-expect-error a function is not plain data
      check: async () => ({ at: () => 1 }),
      want: (_, now) => now,
      apply: async () => undefined,
    }),
  secretInState: () =>
    defineModule({
      name: 'm',
      params,
      // @ts-expect-error a Secret is not plain data
      check: async () => ({ key: new Secret('x') }),
      want: (_, now) => now,
      apply: async () => undefined,
    }),
  otherWant: () =>
    defineModule({
      name: 'm',
      params,
      check: async () => ({ size: 1 }),
      // @ts-expect-error what is wanted has the form of what is
      want: () => ({ size: '1' }),
      apply: async () => undefined,
    }),
  fact: () =>
    playbook('p', {
      hosts: 'all',
      vars: z.object({}),
      facts: { size: size({}) },
      // @ts-expect-error a fact that is not declared
      tasks: ({ facts }) => [file('f', { path: '/a', mode: facts.mode })],
    }),
  found: () =>
    // @ts-expect-error what was found is a number
    decide('d', { size: size({}) }, ({ size: seen }) => [file('f', { path: seen })]),
  handler: () =>
    playbook('p', {
      hosts: 'all',
      vars: z.object({}),
      tasks: () => [],
      // @ts-expect-error a block is no handler
      handlers: () => [block('b', { tasks: [] })],
    }),
  taskOption: () => {
    // @ts-expect-error a misspelt option
    file('f', { path: '/a' }, { ignoreError: true })
  },
  poll: () => {
    // @ts-expect-error an option of actions only
    file('f', { path: '/a' }, { async: 3 })
  },
  variable: () =>
    playbook('p', {
      hosts: 'all',
      vars: z.object({ port: z.number() }),
      // @ts-expect-error a variable that is not declared
      tasks: ({ vars }) => [file('f', { path: vars.prot })],
    }),
}

test('the compiler is asked, not this', () => expect(Object.keys(refused).length).toBeGreaterThan(10))
