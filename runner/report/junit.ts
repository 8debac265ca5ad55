import type { RunEvent } from '../events.ts'
import type { Reporter } from './reporter.ts'
import type { Write } from './writer.ts'

interface Case {
  readonly play: string
  readonly task: string
  readonly seconds: number
  readonly failure?: string
  readonly skipped?: string
}

/** JUnit XML for a CI's test page: a suite a host, a case a task. An ignored failure is a case that passed. */
export function junitReporter(write: Write): Reporter {
  const suites = new Map<string, Case[]>()
  let play = ''
  const add = (host: string, one: Omit<Case, 'play'>): void => {
    suites.set(host, [...(suites.get(host) ?? []), { play, ...one }])
  }
  const report = (event: RunEvent): void => {
    if (event.type === 'playStarted') play = event.play
    if (event.type === 'hostUnreachable') add(event.host, { task: 'connect', seconds: 0, failure: event.error.message })
    if (event.type === 'ok') add(event.host, { task: event.task, seconds: event.ms / 1000 })
    if (event.type === 'skipped' || event.type === 'unknown')
      add(event.host, {
        task: event.task,
        seconds: event.ms / 1000,
        skipped: event.type === 'unknown' ? `unknown: ${event.msg}` : event.msg,
      })
    if (event.type === 'failed' || event.type === 'unreachable')
      add(event.host, {
        task: event.task,
        seconds: event.ms / 1000,
        ...(event.ignored ? {} : { failure: `${event.where}: ${event.error.message}` }),
      })
    if (event.type === 'summary') write(xml(suites))
  }
  return { report, end: async () => undefined }
}

function xml(suites: ReadonlyMap<string, readonly Case[]>): string {
  const body = [...suites].map(([host, cases]) => {
    const failures = cases.filter(({ failure }) => failure !== undefined).length
    const skipped = cases.filter((one) => one.skipped !== undefined).length
    const seconds = cases.reduce((sum, one) => sum + one.seconds, 0)
    return [
      `  <testsuite name="${escaped(host)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}" time="${seconds.toFixed(3)}">`,
      ...cases.map(caseXml),
      '  </testsuite>',
    ].join('\n')
  })
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="skep">', ...body, '</testsuites>', ''].join('\n')
}

function caseXml({ play, task, seconds, failure, skipped }: Case): string {
  const open = `    <testcase classname="${escaped(play)}" name="${escaped(task)}" time="${seconds.toFixed(3)}"`
  if (failure !== undefined) return `${open}><failure message="${escaped(failure)}"/></testcase>`
  return skipped === undefined ? `${open}/>` : `${open}><skipped message="${escaped(skipped)}"/></testcase>`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;' }

/** Text as an attribute. What XML 1.0 has no room for, control characters and lone surrogates, becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"\n\t]/g, (character) => entities[character] ?? '')
}
