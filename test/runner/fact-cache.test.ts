import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { factCache } from '../../cli/fact-cache.ts'
import { localConnector } from '../../runner/connections/local.ts'
import type { Host } from '../../runner/contract.ts'
import { runPlaybook } from '../../runner/engine/run.ts'
import { playbook } from '../../runner/playbook.ts'
import { sh } from '../../runner/sh.ts'
import { defineLook } from '../../runner/steps.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'skep-cache-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const web1: Host = { name: 'web1', vars: {}, connection: { kind: 'local' } }
const elsewhere: Host = { name: 'web1', vars: {}, connection: { kind: 'ssh', host: '192.0.2.7' } }

test('facts are believed for a day, of that host and that look only', () => {
  let at = 1000
  const cache = factCache(dir, () => at)
  cache.set(web1, 'setup {}', { kernel: '6.1' })
  expect(factCache(dir, () => at).get(web1, 'setup {}')).toEqual({ kernel: '6.1' })
  expect(cache.get(elsewhere, 'setup {}')).toBeUndefined()
  expect(cache.get(web1, 'stat {"path":"/"}')).toBeUndefined()
  at += 86_399_999
  expect(cache.get(web1, 'setup {}')).toEqual({ kernel: '6.1' })
  at += 1
  expect(cache.get(web1, 'setup {}')).toBeUndefined()
  at = 0
  expect(cache.get(web1, 'setup {}'), 'from a time that is still to come').toBeUndefined()
})

test('what is no fact is gathered anew, and only whoever runs Skep may read the files', () => {
  const cache = factCache(dir)
  cache.set(web1, 'a', 1)
  const [name = ''] = readdirSync(dir)
  expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
  for (const text of ['', '{', '{"at":1}', readFileSync(join(dir, name), 'utf8').replace('web1', 'web2')]) {
    chmodSync(join(dir, name), 0o600)
    writeFileSync(join(dir, name), text)
    expect(cache.get(web1, 'a'), text).toBeUndefined()
  }
})

test('a directory that cannot be made is one clear error', () => {
  writeFileSync(join(dir, 'file'), '')
  expect(() => factCache(join(dir, 'file'))).toThrow(/--fact-cache: expected a directory that is there or can be made/)
})

test('a run looks once', async () => {
  let looked = 0
  const counted = defineLook({
    name: 'counted',
    params: z.strictObject({}),
    look: async (_, host) => {
      looked += 1
      return (await host.probe(sh`echo seen`)).stdout
    },
  })
  const given: string[] = []
  const play = playbook('p', {
    hosts: 'all',
    vars: z.looseObject({}),
    facts: { counted: counted({}) },
    tasks: ({ facts }) => {
      given.push(facts.counted)
      return []
    },
  })
  for (let run = 0; run < 2; run += 1) {
    const signal = new AbortController().signal
    await runPlaybook({
      ...{ playbook: play, hosts: [web1], connector: localConnector(), report: () => undefined, signal, mode: 'apply', forks: 1 },
      facts: factCache(dir),
    })
  }
  expect({ looked, given }).toEqual({ looked: 1, given: ['seen\n', 'seen\n'] })
})
