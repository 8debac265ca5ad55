/** The side effects of a demo right after which it is killed: each one is done, and the ledger does not say so yet. */

/** Whose method it is: a port of the local cloud, or Node's own files. */
export type Owner = 'compute' | 'objects' | 'notices' | 'trail' | 'fs' | 'fs/promises'

export interface Effect {
  /** Said in words. */
  readonly name: string
  /** Which of our processes does it. */
  readonly in: 'demo' | 'agent'
  readonly of: Owner
  readonly method: string
  /** `before`: the effect lies in what was done just before this call. */
  readonly when: 'after' | 'before'
  /** How often it happens in a run of two samples or more: any one of them may be the last. */
  readonly most: number
  /** Whether a call of the method is it. */
  matches(args: readonly unknown[]): boolean
}

const text = (arg: unknown): string => (typeof arg === 'string' ? arg : '')
const put = (bucket: string, name: RegExp) => (args: readonly unknown[]) => args[0] === bucket && name.test(text(args[1]))
const audited = (ev: string) => (args: readonly unknown[]) => text(args[1]).includes(`"ev":"${ev}"`)
const noticed = (which: string) => (args: readonly unknown[]) => {
  const notice = args[0]
  return typeof notice === 'object' && notice !== null && 'id' in notice && text(notice.id).endsWith(`/${which}`)
}

const objectPut = { of: 'objects', method: 'put', when: 'after' } as const
const objectDelete = { of: 'objects', method: 'delete', when: 'after' } as const
const auditAppend = { of: 'trail', method: 'append', when: 'after' } as const

/** In the order of a run. */
export const effects: Readonly<Record<string, Effect>> = {
  folders: {
    ...{ name: 'a folder of the new cloud is made', in: 'demo', of: 'fs', method: 'mkdirSync', when: 'after', most: 14 },
    matches: ([path]) => text(path).startsWith(process.env['SKEP_CRASH_DIR'] ?? '/dev/null'),
  },
  plan: {
    ...{ name: 'the plan of the submit lies there under another name', in: 'demo', of: 'fs/promises', method: 'rename', when: 'before' },
    ...{ most: 2, matches: ([, to]) => /\/owner\/submits\/[^/]+\.json$/.test(text(to)) },
  },
  upload: { ...objectPut, name: 'a sample is uploaded', in: 'demo', most: 2, matches: put('input', /\.pgp$/) },
  seal: { ...objectPut, name: 'the seal is uploaded', in: 'demo', most: 1, matches: put('input', /\.seal$/) },
  'notice-start': {
    ...{ name: 'the start notice is out', in: 'agent', of: 'notices', method: 'publish', when: 'after', most: 1 },
    matches: noticed('start'),
  },
  launch: {
    ...{ name: 'a worker is launched', in: 'agent', of: 'compute', method: 'launch', when: 'after', most: 3 },
    matches: () => true,
  },
  locked: { ...auditAppend, name: 'the audit chain says worker.locked', in: 'agent', most: 3, matches: audited('worker.locked') },
  challenge: { ...objectPut, name: 'a challenge lies at the relay', in: 'agent', most: 3, matches: put('ancillary', /\/challenge\.json$/) },
  released: {
    ...{ name: 'the key host released a key', in: 'agent', of: 'objects', method: 'put', when: 'before', most: 3 },
    matches: put('ancillary', /\/answer\.json$/),
  },
  answer: { ...objectPut, name: 'an answer lies at the relay', in: 'agent', most: 3, matches: put('ancillary', /\/answer\.json$/) },
  accepted: { ...auditAppend, name: 'the audit chain says result.accepted', in: 'agent', most: 3, matches: audited('result.accepted') },
  terminate: {
    ...{ name: 'a worker is terminated', in: 'agent', of: 'compute', method: 'terminate', when: 'after', most: 3 },
    matches: () => true,
  },
  relay: { ...objectDelete, name: 'a relay object is deleted', in: 'agent', most: 10, matches: ([bucket]) => bucket === 'ancillary' },
  gone: { ...auditAppend, name: 'the audit chain says worker.gone', in: 'agent', most: 3, matches: audited('worker.gone') },
  input: { ...objectDelete, name: 'the input of a done sample is deleted', in: 'agent', most: 2, matches: put('input', /\.pgp$/) },
  complete: { ...auditAppend, name: 'the audit chain says run.complete', in: 'agent', most: 1, matches: audited('run.complete') },
  report: { ...objectPut, name: "the run's report is put", in: 'agent', most: 1, matches: put('output', /\/report\.json$/) },
  'notice-done': {
    ...{ name: 'the done notice is out', in: 'agent', of: 'notices', method: 'publish', when: 'after', most: 1 },
    matches: noticed('done'),
  },
  'seal-deleted': { ...objectDelete, name: 'the seal is deleted', in: 'agent', most: 1, matches: put('input', /\.seal$/) },
  quiescent: { ...auditAppend, name: 'the audit chain says run.quiescent', in: 'agent', most: 1, matches: audited('run.quiescent') },
  fetching: {
    ...{ name: 'a result is half fetched', in: 'demo', of: 'objects', method: 'get', when: 'after', most: 6 },
    matches: put('output', /\.pgp$|result\.json$/),
  },
  'owner-report': {
    ...{ name: "the owner's report lies there under another name", in: 'demo', of: 'fs/promises', method: 'rename', when: 'before' },
    ...{ most: 1, matches: ([, to]) => text(to).endsWith('/report.md') },
  },
  fetched: {
    ...{ name: 'the results are fetched', in: 'demo', of: 'fs/promises', method: 'rename', when: 'after', most: 1 },
    matches: ([, to]) => /\/owner\/results\/[^/]+$/.test(text(to)),
  },
}
