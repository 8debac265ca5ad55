import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPlaybook } from '../../../runner/engine/run.ts'
import type { RunEvent, Totals } from '../../../runner/events.ts'
import { accounts, copyTo, inNamespace, noNamespace } from '../../modules/own-etc.ts'
import site from './site.ts'

const why = noNamespace(['useradd', 'groupadd', 'getent', 'dpkg-query', 'apt-get', 'bash'])

describe.skipIf(why !== undefined)(`the twenty tasks${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  const [copied, empty] = [
    [...accounts, '/var/lib/dpkg/status', '/usr/bin/apt-get'],
    ['/srv', '/usr/local/bin'],
  ]
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'skep-site-'))
    await copyTo(root, copied, empty)
    await writeFile(join(root, 'etc/crontab'), '', { mode: 0o644 })
    // The test is no place to install packages: those that are wanted are there, whatever the machine has, and nothing can be installed.
    const installed = ['sudo', 'cron', 'ca-certificates'].map(
      (name) =>
        `Package: ${name}\nStatus: install ok installed\nMaintainer: nobody <nobody@example.org>\nArchitecture: all\nVersion: 1\nDescription: ${name}\n`,
    )
    await writeFile(join(root, 'var/lib/dpkg/status'), installed.join('\n'))
    await writeFile(join(root, 'usr/bin/apt-get'), '#!/bin/sh\necho nothing is installed by a test >&2\nexit 99\n', { mode: 0o755 })
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  const run = async (
    mode: 'apply' | 'check',
  ): Promise<{ totals: Totals | undefined; changed: readonly string[]; failed: readonly unknown[] }> => {
    const events: RunEvent[] = []
    await runPlaybook({
      playbook: site,
      hosts: [{ name: 'web1', vars: {}, connection: { kind: 'local' } }],
      connector: inNamespace(root, [...copied, ...empty]),
      report: (event) => events.push(event),
      signal: new AbortController().signal,
      mode,
      forks: 1,
    })
    const changed = events.flatMap((event) => (event.type === 'ok' && event.changed ? [event.task] : []))
    const failed = events.flatMap((event) => ('error' in event ? [event.error] : []))
    const totals = events.find((event) => event.type === 'summary')?.hosts['web1']
    return { totals, changed, failed }
  }

  test('bring a machine where it should be', async () => {
    const { failed, changed } = await run('apply')
    expect(failed).toEqual([])
    expect(changed.map((title) => title.slice(0, 2)).join(' ')).toBe('02 03 04 05 06 07 08 09 10 11 12 13 14 15 17 18 19')
    expect(await readFile(join(root, 'srv/app/conf/env'), 'utf8')).toBe(
      'APP_NAME=web1\nAPP_PORT=8080\nAPP_ENV=production\nUPSTREAM_1=10.0.0.11\nUPSTREAM_2=10.0.0.12\nUPSTREAM_3=10.0.0.13\n',
    )
    expect(await readFile(join(root, 'etc/cron.d/app'), 'utf8')).toBe('#Ansible: app tick\n*/5 * * * * app /usr/local/bin/app-run --tick\n')
    expect(await stat(join(root, 'srv/app/.ssh/authorized_keys'))).toMatchObject({ uid: 4000, gid: 4000 })
    expect(await readFile(join(root, 'etc/login.defs'), 'utf8')).toMatch(/^UMASK\t\t027$/m)
  })

  for (const mode of ['check', 'apply'] as const)
    test(`then find nothing to do, in a few round trips (${mode})`, async () => {
      const { totals, changed, failed } = await run(mode)
      expect({ changed, failed }).toEqual({ changed: [], failed: [] })
      expect(totals).toMatchObject({ failed: 0, changed: 0 })
      expect(totals?.roundTrips).toBeLessThanOrEqual(4)
    })
})
