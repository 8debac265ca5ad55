import { expect, test } from 'vitest'
import type { RunEvent } from '../../../runner/events.ts'
import { profileReporter } from '../../../runner/report/profile.ts'

const about = (host: string, task: string) => ({ host, task, module: 'file', id: `site.ts:${task}#1`, where: 'site.ts:3', handler: false })

test('a profile adds up logging in, looking and applying, by task and by host', async () => {
  let text = ''
  const { report, end } = profileReporter((part) => (text += part))
  const events: readonly RunEvent[] = ['web1', 'web2'].flatMap((host, index): RunEvent[] => [
    { type: 'hostConnected', at: 100, host, ms: 100 },
    { ...about(host, 'slow'), at: 100, type: 'taskStarted' },
    { ...about(host, 'slow'), at: 140, type: 'planned', now: 1, want: 2, changes: true },
    { ...about(host, 'slow'), at: 1140 + index * 1000, type: 'ok', changed: true, returned: {}, ms: 1040 },
    { ...about(host, 'quick'), at: 3000, type: 'taskStarted' },
    { ...about(host, 'quick'), at: 3010, type: 'planned', now: 1, want: 1, changes: false },
    { ...about(host, 'quick'), at: 3010, type: 'ok', changed: false, returned: {}, ms: 10 },
  ])
  events.forEach(report)
  await end()
  expect(text).toBe(`
time over all hosts: 0.20 s logging in, 0.10 s looking, 3.00 s applying
slowest tasks:
     3.08 s  slow (site.ts:3), 2 hosts: 0.08 s looking, 3.00 s applying
     0.02 s  quick (site.ts:3), 2 hosts: 0.02 s looking, 0.00 s applying
slowest hosts:
     2.15 s  web2: 0.05 s looking, 2.00 s applying
     1.15 s  web1: 0.05 s looking, 1.00 s applying
`)
})
