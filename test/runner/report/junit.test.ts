import { expect, test } from 'vitest'
import type { RunEvent } from '../../../runner/events.ts'
import { junitReporter } from '../../../runner/report/junit.ts'

const about = { at: 0, host: 'web<1>', module: 'file', id: 'site.ts:3#1', where: 'site.ts:3', handler: false } as const
const events: readonly RunEvent[] = [
  { type: 'playStarted', at: 0, index: 0, play: 'web & "servers"', hosts: ['web<1>', 'web2'], mode: 'apply' },
  { ...about, task: 'keep it', type: 'ok', changed: true, returned: {}, ms: 1500 },
  { ...about, task: 'leave it', type: 'skipped', msg: 'its condition is false', ms: 0 },
  { ...about, task: 'guess', type: 'unknown', msg: 'an earlier change would come first', ms: 0 },
  { ...about, task: 'try', type: 'failed', error: new Error('so what'), ignored: true, returned: {}, ms: 10 },
  { ...about, task: 'break', type: 'failed', error: new Error('it \x1b[31mbroke\nhere'), ignored: false, returned: {}, ms: 20 },
  { type: 'hostUnreachable', at: 0, host: 'web2', error: new Error('no route') },
  { type: 'summary', at: 0, hosts: {}, interrupted: false, ms: 1500 },
]

test('JUnit XML: a suite a host, a case a task; everything of others is escaped', () => {
  let text = ''
  const { report } = junitReporter((part) => (text += part))
  events.forEach(report)
  expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="skep">
  <testsuite name="web&lt;1&gt;" tests="5" failures="1" skipped="2" time="1.530">
    <testcase classname="web &amp; &quot;servers&quot;" name="keep it" time="1.500"/>
    <testcase classname="web &amp; &quot;servers&quot;" name="leave it" time="0.000"><skipped message="its condition is false"/></testcase>
    <testcase classname="web &amp; &quot;servers&quot;" name="guess" time="0.000"><skipped message="unknown: an earlier change would come first"/></testcase>
    <testcase classname="web &amp; &quot;servers&quot;" name="try" time="0.010"/>
    <testcase classname="web &amp; &quot;servers&quot;" name="break" time="0.020"><failure message="site.ts:3: it \ufffd[31mbroke&#10;here"/></testcase>
  </testsuite>
  <testsuite name="web2" tests="1" failures="1" skipped="0" time="0.000">
    <testcase classname="web &amp; &quot;servers&quot;" name="connect" time="0.000"><failure message="no route"/></testcase>
  </testsuite>
</testsuites>
`)
})
