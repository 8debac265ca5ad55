/** What `skep demo --json` prints, exactly; and which transition may follow which. */
import * as z from 'zod'
import { failureClasses } from '../../custody/messages.ts'

const sampleStates = [
  'RECEIVED',
  'QUEUED',
  'LAUNCHING',
  'LAUNCHED',
  'READY',
  'LOCKED',
  'KEYED',
  'RUNNING',
  'UPLOADED',
  'DONE',
  'FAILED',
] as const
const workerStates = ['launching', 'launched', 'ready', 'locked', 'keyed', 'running', 'uploaded', 'doomed', 'terminating', 'gone'] as const
type SampleState = (typeof sampleStates)[number]
type WorkerState = (typeof workerStates)[number]

const failure = z.enum(failureClasses).nullable()
const worker = z.string().regex(/^w-[0-9a-f]{12}-[1-9][0-9]*$/)
const at = z.iso.datetime({ precision: 3 })

const sampleEvent = z.strictObject({
  type: z.literal('sample'),
  id: z.uuid(),
  state: z.enum(sampleStates),
  attempt: z.int().min(0),
  worker: worker.nullable(),
  class: failure,
  at,
})
const workerEvent = z.strictObject({ type: z.literal('worker'), id: worker, state: z.enum(workerStates), at })
const summary = z.strictObject({
  type: z.literal('summary'),
  run: z.uuid(),
  state: z.enum(['COMPLETE', 'COMPLETE_WITH_FAILURES']),
  samples: z.array(z.strictObject({ id: z.uuid(), state: z.enum(['DONE', 'FAILED']), attempts: z.int().min(0), class: failure })),
  refused: z.int().min(0),
  table: z.string(),
  results: z.array(z.string()),
  notices: z.array(z.enum(['start', 'done'])),
  residue: z.array(z.string()),
  quiescent: z.boolean(),
  audit: z.strictObject({ records: z.int().min(1), ok: z.boolean() }),
  report: z.string(),
  seconds: z.number().positive(),
})
type SampleEvent = z.infer<typeof sampleEvent>
export type WorkerEvent = z.infer<typeof workerEvent>
export type DemoSummary = z.infer<typeof summary>

export interface Told {
  readonly samples: readonly SampleEvent[]
  readonly workers: readonly WorkerEvent[]
  readonly summary: DemoSummary
}

/** Parses all of stdout, strictly: one event a line, one summary, and it comes last. */
export function told(stdout: string): Told {
  const lines = stdout.split('\n')
  if (lines.pop() !== '') throw new Error('expected the last line to end with a line feed')
  const last = lines.pop() ?? ''
  const events = lines.map((line) => z.discriminatedUnion('type', [sampleEvent, workerEvent]).parse(JSON.parse(line)))
  return {
    samples: events.filter((event) => event.type === 'sample'),
    workers: events.filter((event) => event.type === 'worker'),
    summary: summary.parse(JSON.parse(last)),
  }
}

/** RUNNING is left out where the worker was done before its first heartbeat; back to QUEUED: another attempt. */
const afterSample: Readonly<Record<SampleState | 'nothing', readonly SampleState[]>> = {
  nothing: ['RECEIVED'],
  RECEIVED: ['QUEUED', 'FAILED'],
  QUEUED: ['LAUNCHING'],
  LAUNCHING: ['LAUNCHED', 'QUEUED'],
  LAUNCHED: ['READY', 'QUEUED'],
  READY: ['LOCKED', 'QUEUED'],
  LOCKED: ['KEYED', 'QUEUED', 'FAILED'],
  KEYED: ['RUNNING', 'UPLOADED', 'QUEUED', 'FAILED'],
  RUNNING: ['UPLOADED', 'QUEUED', 'FAILED'],
  UPLOADED: ['DONE'],
  DONE: [],
  FAILED: [],
}

const afterWorker: Readonly<Record<WorkerState | 'nothing', readonly WorkerState[]>> = {
  nothing: ['launching'],
  launching: ['launched', 'doomed'],
  launched: ['ready', 'doomed'],
  ready: ['locked', 'doomed'],
  locked: ['keyed', 'doomed'],
  keyed: ['running', 'uploaded', 'doomed'],
  running: ['uploaded', 'doomed'],
  uploaded: ['doomed'],
  doomed: ['terminating'],
  terminating: ['gone'],
  gone: [],
}

/** Every transition that may not be, in words; [] when each is in its place and later than the one before. */
export function outOfOrder({ samples, workers }: Pick<Told, 'samples' | 'workers'>): readonly string[] {
  return [
    ...wrong(samples, afterSample, (state) => state === 'DONE' || state === 'FAILED'),
    ...wrong(workers, afterWorker, (state) => state === 'gone'),
  ]
}

function wrong<S extends string>(
  events: readonly { readonly id: string; readonly state: S; readonly at: string }[],
  following: Readonly<Record<S | 'nothing', readonly S[]>>,
  isLast: (state: S) => boolean,
): readonly string[] {
  return [...Map.groupBy(events, ({ id }) => id)].flatMap(([id, mine]) => {
    const steps = mine.flatMap(({ state, at: when }, index) => {
      const before = mine[index - 1]
      const from = before?.state ?? 'nothing'
      if (!following[from].includes(state)) return [`${id}: ${state} after ${from}`]
      return before !== undefined && before.at > when ? [`${id}: ${state} at ${when}, before ${from}`] : []
    })
    const last = mine.at(-1)
    return last === undefined || isLast(last.state) ? steps : [...steps, `${id} ends as ${last.state}`]
  })
}

/** The most workers that were alive at once: from the intent to launch until nothing is left. */
export function mostAlive(workers: readonly WorkerEvent[]): number {
  const steps = workers
    .filter(({ state }) => state === 'launching' || state === 'gone')
    .toSorted((a, b) => (a.at === b.at ? Number(a.state !== 'gone') - Number(b.state !== 'gone') : a.at < b.at ? -1 : 1))
  let [alive, most] = [0, 0]
  for (const { state } of steps) {
    alive += state === 'gone' ? -1 : 1
    most = Math.max(most, alive)
  }
  return most
}
