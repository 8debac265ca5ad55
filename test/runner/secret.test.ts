import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConnectionLost, clean, HostKeyMismatch, RemoteError, withoutSecrets } from '../../runner/errors.ts'
import { redactor, Secret, secretsIn } from '../../runner/secret.ts'

const secret = new Secret('s3cr3t/+ä "value" it\'s')

test('a Secret shows itself nowhere', () => {
  expect(`${secret} ${String(secret)} ${inspect({ deep: [secret] })} ${Object.keys(secret).length}`).not.toContain('s3cr3t')
  expect(inspect(secret)).toBe('Secret(***)')
  expect(() => JSON.stringify({ secret })).toThrow(/no JSON form/)
  expect(secret.reveal()).toBe('s3cr3t/+ä "value" it\'s')
})

describe('a redactor removes', () => {
  const value = secret.reveal()
  const bytes = Buffer.from(value)
  const forms: Record<string, string> = {
    'the value': value,
    base64: bytes.toString('base64').replace(/=+$/, ''),
    'base64 for URLs': bytes.toString('base64url'),
    hex: bytes.toString('hex'),
    'capital hex': bytes.toString('hex').toUpperCase(),
    'its URL form': encodeURIComponent(value),
    'its JSON form': JSON.stringify(value).slice(1, -1),
    'its form in shell quotes': value.replaceAll("'", `'\\''`),
  }
  for (const [what, form] of Object.entries(forms)) {
    test(what, () => expect(redactor([secret])(`before ${form} after`)).not.toContain(form))
  }

  test('base64 of a text around it, wherever it stands there', () => {
    const long = new Secret('correct horse battery staple')
    for (const before of ['', 'a', 'ab', 'abc', 'abcd']) {
      const encoded = Buffer.from(`${before}${long.reveal()}zzz`).toString('base64')
      const left = redactor([long])(encoded)
      expect(left).toContain('***')
      expect(left.length).toBeLessThan(16)
    }
  })

  test('each line of a key', () => {
    const pem = new Secret('-----BEGIN KEY-----\nAAAABBBBCCCCDDDD1\nEEEEFFFFGGGGHHHH2\n-----END KEY-----\n')
    expect(redactor([pem])('> EEEEFFFFGGGGHHHH2\n> AAAABBBBCCCCDDDD1')).toBe('> ***\n> ***')
  })

  test('any value at all, of several the longest', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 4 }), { minLength: 1, maxLength: 4 }), fc.string(), (values, around) => {
        const redact = redactor(values.map((one) => new Secret(one)))
        for (const one of values) expect(redact(`<${around}>${one}<${around}>`).replaceAll('***', '')).not.toContain(one)
      }),
    )
    expect(redactor([new Secret('abcd'), new Secret('abcdefgh')])('abcdefgh')).toBe('***')
  })

  test('nothing where there are no secrets', () => expect(redactor([new Secret('')])('as it is')).toBe('as it is'))
})

test('secrets are found however deep, once each, in circles too', () => {
  const circle: Record<string, unknown> = { a: [{ b: secret }], c: secret, d: Buffer.alloc(3) }
  circle['self'] = circle
  expect(secretsIn(circle)).toEqual([secret])
})

test('an error without secrets is the same error: class, fields, cause', () => {
  const output = {
    code: 1,
    stdout: 'hunter22',
    stderr: `no hunter22, ${Buffer.from('hunter22').toString('hex')}`,
    bytes: Buffer.from('hunter22'),
  }
  const redact = redactor([new Secret('hunter22')])
  const remote = withoutSecrets(new RemoteError('web1', 'echo hunter22', output), redact)
  expect(remote).toBeInstanceOf(RemoteError)
  expect(remote.output.code).toBe(1)
  const all = [
    inspect(remote, { depth: 9 }),
    remote.message,
    remote.stack,
    Buffer.from(remote.output.bytes).toString(),
    remote.output.stdout,
  ].join()
  expect(all).not.toContain('hunter22')
  const wrapped = withoutSecrets(new Error('outer hunter22', { cause: new ConnectionLost('h', 'x', true, 'hunter22') }), redact)
  expect(inspect(wrapped)).not.toContain('hunter22')
  expect((wrapped.cause as ConnectionLost).started).toBe(true)
  expect(withoutSecrets(new HostKeyMismatch('h', 'a', 'SHA256:x', 'SHA256:y'), redact)).toBeInstanceOf(HostKeyMismatch)
})

test('a secret that the shortening of a message would cut in two leaves no half', () => {
  const long = 'x'.repeat(400) + 'hunter22'.repeat(20)
  const error = new RemoteError('h', 'true', { code: 1, stdout: '', stderr: long, bytes: Buffer.alloc(0) })
  expect(withoutSecrets(error, redactor([new Secret('hunter22'.repeat(20))])).message).not.toContain('hunter')
})

test('a secret of many thousand characters is removed too, whole and in other forms, beside short ones', () => {
  const long = Array.from({ length: 20_000 }, (_, index) => (index * 7).toString(36)).join('')
  const redact = redactor([new Secret(long), new Secret('hunter22')])
  expect(redact(`a ${long} b hunter22 c ${Buffer.from(long).toString('base64').replace(/=+$/, '').slice(0, -1)}`)).toMatch(
    /^a \*\*\* b \*\*\* c \*\*\*.?$/,
  )
  expect(redactor([new Secret(long)])(`a ${long} b`)).toBe('a *** b')
})

test('data is cleaned as deep as it goes', () => {
  expect(clean({ a: ['k=hunter22', 1, null], b: { c: true } }, redactor([new Secret('hunter22')]))).toEqual({
    a: ['k=***', 1, null],
    b: { c: true },
  })
})
