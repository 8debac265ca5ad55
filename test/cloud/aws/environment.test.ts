import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environmentSchema } from '../../../cloud/aws/environment.ts'
import { loadEnvironment } from '../../../cloud/aws/load-environment.ts'
import { document } from './document.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'skep-env-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const asFile = (content: unknown, name = 'env.json'): string => {
  const path = join(dir, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('an environment', () => {
  test('is what Terraform writes', () => {
    expect(environmentSchema.parse(document)).toEqual(document)
  })

  test('may have more names and keys than this version knows', () => {
    const later = {
      ...document,
      schedule: { stop_at: '19:00' },
      queues: { ...document.queues, reaper: 'https://sqs.us-west-2.amazonaws.com/123456789012/reaper' },
      network: { ...document.network, resolver: 'rslvr-1' },
    }
    expect(environmentSchema.parse(later)).toEqual(later)
  })

  const off: readonly (readonly [title: string, change: Readonly<Record<string, unknown>>, where: string])[] = [
    ['of a schema to come', { schema: 2 }, 'schema'],
    ['with an account that is a number', { account: 123456789012 }, 'account'],
    ['without a VPC', { network: { ...document.network, vpc: undefined } }, 'network.vpc'],
    ['with an id of another kind', { network: { ...document.network, vpc: 'subnet-0123456789abcdef0' } }, 'network.vpc'],
    ['without one of the subnets', { network: { ...document.network, subnets: { public: 'subnet-01234567' } } }, 'network.subnets.private'],
    [
      'with an address that is a name',
      { bastion: { ...document.bastion, public_address: 'bastion.example.org' } },
      'bastion.public_address',
    ],
    ['with a queue that is no URL', { queues: { ...document.queues, doorbell: 'doorbell.fifo' } }, 'queues.doorbell'],
    ['with a queue of the local disk', { queues: { ...document.queues, doorbell: 'file:///etc/passwd' } }, 'queues.doorbell'],
    ['with a queue to come that is no URL', { queues: { ...document.queues, later: 7 } }, 'queues.later'],
    ['with a key of another service', { keys: { ...document.keys, ops: document.topics['alarms'] } }, 'keys.ops'],
    ['with the name of an endless table', { tables: { ledger: 'x'.repeat(256) } }, 'tables.ledger'],
    ['with version 0 of the template', { worker: { ...document.worker, template_version: 0 } }, 'worker.template_version'],
  ]
  test.each(off)('%s is refused, and told where', (_, change, where) => {
    const { error } = environmentSchema.safeParse({ ...document, ...change })
    expect(error?.issues.map(({ path }) => path.join('.'))).toContain(where)
  })
})

describe('a file', () => {
  test('may hold the document, or all outputs of the root', async () => {
    expect(await loadEnvironment(asFile(document))).toEqual(document)
    const outputs = {
      bastion: { sensitive: false, type: 'string', value: 'ssh' },
      skep: { sensitive: false, type: ['object', {}], value: document },
    }
    expect(await loadEnvironment(asFile(outputs))).toEqual(document)
  })

  const off: readonly (readonly [title: string, make: () => string, says: RegExp])[] = [
    [
      'that is not there',
      () => join(dir, 'none.json'),
      /^there is no file .*none\.json: write it in terraform\/environment with: terraform/,
    ],
    ['inside of a file', () => join(asFile('x', 'file'), 'x'), /^there is no file .*: write it/],
    ['that is a directory', () => dir, /is not a file: write it/],
    ['that is not JSON', () => asFile('Warning: no outputs found'), /is not JSON: write it/],
    ['that is empty', () => asFile(''), /is not JSON/],
    [
      'of something else',
      () => asFile({ a: 1 }),
      /is no environment that this skep knows: schema: .*: see that it is what terraform\/environment wrote/,
    ],
    ['of nothing', () => asFile('null'), /is no environment that this skep knows: it: /],
    ['of a later schema', () => asFile({ ...document, schema: 2 }), /: schema: .*after an upgrade of skep, apply that again$/],
    ['of the other root', () => asFile({ buckets: { value: {} } }), /is no environment/],
    [
      'that is endless',
      () => {
        const path = asFile('', 'endless')
        truncateSync(path, 1024 * 1024 + 1)
        return path
      },
      /is larger than a document can be/,
    ],
    ['with a name that moves the cursor', () => join(dir, '\u001b[2J'), /^there is no file .*\\u\{1b\}\[2J/],
    [
      'that leads to itself',
      () => {
        const path = join(dir, 'loop')
        symlinkSync(path, path)
        return path
      },
      /cannot be read \(ELOOP\): look at the rights/,
    ],
    ['with a name that no file can have', () => 'a\0b', /cannot be read \(ERR_INVALID_ARG_VALUE\)/],
  ]
  test.each(off)('%s is one clear line', async (_, make, says) => {
    const error = await loadEnvironment(make()).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'EnvironmentError', message: expect.stringMatching(says) })
    expect(String(error)).not.toContain('\n')
  })
})
