import type { Bucket, Cloud, Launch, Role } from '../../cloud/ports.ts'
import { sha256 } from '../../custody/canonical.ts'
import { attemptPrefix, manifestKey, relayPrefix, sampleKey, TABLE, unitPrefix } from '../../custody/names.ts'
import { fresh } from './cloud.ts'

/** Who asks. A worker's rights hang on its job, so the two kinds count as two. */
export type Asker = Exclude<Role, 'worker'> | 'worker' | 'consolidator'

export const askers: readonly Asker[] = ['owner', 'intake', 'agent', 'sweeper', 'keyHost', 'worker', 'consolidator']

/** One thing somebody might ask, and exactly who may. `ends`: other ends than `done` that also show it was let through. */
export interface Ask {
  readonly what: string
  readonly may: readonly Asker[]
  readonly ends?: string
  call(cloud: Cloud, place: Place): Promise<unknown>
}

/** Two runs with results, a sample's worker and a consolidation's. */
export interface Place {
  readonly run: string
  readonly otherRun: string
  readonly unit: string
  readonly otherUnit: string
  readonly job: string
  readonly tableJob: string
  readonly launched: Launch
  readonly instance: string
  /** Differs for every call. */
  readonly fresh: string
}

const body = Buffer.from('x')
const first = { range: { from: 0, length: 65_536 } }
const more = { range: { from: 0, length: 65_537 } }
const nobody: readonly Asker[] = []
const workers: readonly Asker[] = ['worker', 'consolidator']

type Where = (place: Place) => string
const puts = (what: string, bucket: Bucket, key: Where, may: readonly Asker[], ifAbsent?: boolean): Ask => ({
  what: `put into ${bucket}: ${what}`,
  may,
  ends: 'PreconditionFailed',
  call: ({ objects }, place) => objects.put(bucket, key(place), body, ifAbsent === undefined ? undefined : { ifAbsent }),
})
const gets = (what: string, bucket: Bucket, key: Where, may: readonly Asker[], options?: typeof first): Ask => ({
  what: `get from ${bucket}: ${what}`,
  may,
  ends: 'NotFound',
  call: ({ objects }, place) => objects.get(bucket, key(place), options),
})
const heads = (what: string, bucket: Bucket, key: Where, may: readonly Asker[]): Ask => ({
  what: `head in ${bucket}: ${what}`,
  may,
  call: ({ objects }, place) => objects.head(bucket, key(place)),
})
const lists = (what: string, bucket: Bucket, prefix: Where, may: readonly Asker[]): Ask => ({
  what: `list ${bucket}: ${what}`,
  may,
  call: ({ objects }, place) => objects.list(bucket, prefix(place)),
})
const deletes = (what: string, bucket: Bucket, key: Where, may: readonly Asker[]): Ask => ({
  what: `delete from ${bucket}: ${what}`,
  may,
  call: ({ objects }, place) => objects.delete(bucket, key(place)),
})
const partition = (what: string, pk: Where, may: readonly Asker[]): Ask[] => [
  { what: `ledger get: ${what}`, may, call: ({ ledger }, place) => ledger.get(pk(place), 'a') },
  { what: `ledger query: ${what}`, may, call: ({ ledger }, place) => ledger.query(pk(place)) },
  {
    what: `ledger write: ${what}`,
    may,
    call: ({ ledger }, place) => ledger.write({ op: fresh(), puts: [{ pk: pk(place), sk: place.fresh, ifRev: 0, body: {} }] }),
  },
]
const pair = (what: string, put: string, check: string, may: readonly Asker[]): Ask => ({
  what: `ledger write: ${what}`,
  may,
  call: ({ ledger }, place) =>
    ledger.write({ op: fresh(), puts: [{ pk: put, sk: place.fresh, ifRev: 0, body: {} }], checks: [{ pk: check, sk: 'a', equals: {} }] }),
})

const own: Where = ({ run, unit }) => sampleKey(run, unit)
const others: Where = ({ run, otherUnit }) => sampleKey(run, otherUnit)
const result: Where = ({ run, unit }) => `${attemptPrefix(run, unit, 1)}1.pgp`
const otherRunResult: Where = ({ otherRun, otherUnit }) => `${attemptPrefix(otherRun, otherUnit, 1)}1.pgp`
const manifest: Where = ({ run, unit }) => manifestKey(run, unit)
const relay: Where = ({ job }) => `${relayPrefix(job, 1)}seen.json`
const tableRelay: Where = ({ tableJob }) => `${relayPrefix(tableJob, 1)}seen.json`
const newAt =
  (prefix: Where): Where =>
  (place) =>
    `${prefix(place)}${place.fresh}`

const input: readonly Ask[] = [
  puts(
    'under incoming/',
    'input',
    newAt(({ run }) => `incoming/${run}/`),
    ['owner'],
  ),
  puts(
    'elsewhere',
    'input',
    newAt(() => 'other/'),
    nobody,
  ),
  puts(
    'beside incoming/',
    'input',
    newAt(() => 'incoming'),
    nobody,
  ),
  gets('a sample, whole', 'input', own, ['worker']),
  gets('its first 64 KiB', 'input', own, ['worker', 'keyHost'], first),
  gets('a byte more', 'input', own, ['worker'], more),
  gets("another worker's sample", 'input', others, nobody),
  gets("the first 64 KiB of another worker's sample", 'input', others, ['keyHost'], first),
  gets('the first 64 KiB of what lies elsewhere', 'input', () => 'other/x', nobody, first),
  heads('a sample', 'input', own, ['intake', 'sweeper', 'worker']),
  heads("another worker's sample", 'input', others, ['intake', 'sweeper']),
  heads('elsewhere', 'input', () => 'other/x', ['sweeper']),
  lists('a run', 'input', ({ run }) => `incoming/${run}/`, ['intake', 'sweeper']),
  lists('all of incoming/', 'input', () => 'incoming/', ['intake', 'sweeper']),
  lists('everything', 'input', () => '', ['sweeper']),
  lists('what begins like incoming/', 'input', () => 'inc', ['sweeper']),
  deletes(
    'a sample',
    'input',
    newAt(({ run }) => sampleKey(run, fresh()).replace('.pgp', '.pgp#')),
    ['intake', 'sweeper'],
  ),
  deletes('a well-named sample', 'input', ({ run }) => sampleKey(run, fresh()), ['sweeper']),
  deletes('a seal', 'input', ({ run }) => `incoming/${run}/3.seal`, ['sweeper']),
  deletes(
    'a refused name',
    'input',
    newAt(() => 'incoming/../'),
    ['intake', 'sweeper'],
  ),
  deletes(
    'elsewhere',
    'input',
    newAt(() => 'other/'),
    ['sweeper'],
  ),
]

const output: readonly Ask[] = [
  puts(
    "a worker's own attempt",
    'output',
    newAt(({ run, unit }) => attemptPrefix(run, unit, 1)),
    ['worker'],
  ),
  puts(
    'the next attempt',
    'output',
    newAt(({ run, unit }) => attemptPrefix(run, unit, 2)),
    nobody,
  ),
  puts(
    'attempt 10',
    'output',
    newAt(({ run, unit }) => attemptPrefix(run, unit, 10)),
    nobody,
  ),
  puts(
    "another sample's attempt",
    'output',
    newAt(({ run, otherUnit }) => attemptPrefix(run, otherUnit, 1)),
    nobody,
  ),
  puts(
    "another run's attempt",
    'output',
    newAt(({ otherRun, unit }) => attemptPrefix(otherRun, unit, 1)),
    nobody,
  ),
  puts(
    "the table's attempt",
    'output',
    newAt(({ run }) => attemptPrefix(run, TABLE, 1)),
    ['consolidator'],
  ),
  puts(
    "another run's table",
    'output',
    newAt(({ otherRun }) => attemptPrefix(otherRun, TABLE, 1)),
    nobody,
  ),
  puts("a sample's manifest, if absent", 'output', manifest, ['worker'], true),
  puts("a sample's manifest over what is there", 'output', manifest, nobody),
  puts("a sample's manifest, said not to care", 'output', manifest, nobody, false),
  puts("another sample's manifest", 'output', ({ run, otherUnit }) => manifestKey(run, otherUnit), nobody, true),
  puts("the table's manifest, if absent", 'output', ({ run }) => manifestKey(run, TABLE), ['consolidator'], true),
  puts("the table's manifest over what is there", 'output', ({ run }) => manifestKey(run, TABLE), nobody),
  puts(
    'beside its attempt',
    'output',
    newAt(({ run, unit }) => unitPrefix(run, unit)),
    nobody,
  ),
  gets('a result, whole', 'output', result, ['owner', 'consolidator']),
  gets('its first 64 KiB', 'output', result, ['owner', 'consolidator', 'keyHost'], first),
  gets('a byte more', 'output', result, ['owner', 'consolidator'], more),
  gets("another run's result", 'output', otherRunResult, ['owner']),
  gets("a sample's manifest", 'output', manifest, ['owner', 'agent', 'keyHost', 'consolidator']),
  gets("another run's manifest", 'output', ({ otherRun, otherUnit }) => manifestKey(otherRun, otherUnit), ['owner', 'agent', 'keyHost']),
  gets("the table's manifest", 'output', ({ run }) => manifestKey(run, TABLE), ['owner', 'agent', 'keyHost']),
  gets('a manifest elsewhere', 'output', () => 'other/result.json', nobody),
  gets('what only ends like a manifest', 'output', ({ run }) => `runs/${run}/xresult.json`, ['owner']),
  heads('a result', 'output', result, ['owner', 'agent', 'sweeper', 'consolidator']),
  heads("another run's result", 'output', otherRunResult, ['owner', 'agent', 'sweeper']),
  heads('elsewhere', 'output', () => 'other/x', ['sweeper']),
  lists("a run's results", 'output', ({ run }) => `runs/${run}/samples/`, ['owner', 'agent', 'sweeper', 'keyHost', 'consolidator']),
  lists("another run's results", 'output', ({ otherRun }) => `runs/${otherRun}/samples/`, ['owner', 'agent', 'sweeper', 'keyHost']),
  lists('a run', 'output', ({ run }) => `runs/${run}/`, ['owner', 'agent', 'sweeper', 'keyHost']),
  lists('everything', 'output', () => '', ['sweeper']),
  deletes(
    'an attempt',
    'output',
    newAt(({ run, unit }) => attemptPrefix(run, unit, 1)),
    ['sweeper'],
  ),
  deletes(
    'elsewhere',
    'output',
    newAt(() => 'other/'),
    ['sweeper'],
  ),
]

const ancillary: readonly Ask[] = [
  puts(
    "a worker's relay",
    'ancillary',
    newAt(({ job }) => relayPrefix(job, 1)),
    ['agent', 'worker'],
  ),
  puts(
    "a worker's relay, if absent",
    'ancillary',
    newAt(({ job }) => relayPrefix(job, 1)),
    ['agent', 'worker'],
    true,
  ),
  puts(
    'the relay of the next attempt',
    'ancillary',
    newAt(({ job }) => relayPrefix(job, 2)),
    ['agent'],
  ),
  puts(
    'the relay of attempt 10',
    'ancillary',
    newAt(({ job }) => relayPrefix(job, 10)),
    ['agent'],
  ),
  puts(
    "the consolidation's relay",
    'ancillary',
    newAt(({ tableJob }) => relayPrefix(tableJob, 1)),
    ['agent', 'consolidator'],
  ),
  puts(
    'outside the relay',
    'ancillary',
    newAt(() => 'release/'),
    nobody,
  ),
  puts(
    'beside the relay',
    'ancillary',
    newAt(() => 'relay'),
    nobody,
  ),
  gets("a worker's relay", 'ancillary', relay, ['agent', 'worker']),
  gets("the consolidation's relay", 'ancillary', tableRelay, ['agent', 'consolidator']),
  gets('outside the relay', 'ancillary', () => 'release/x', nobody),
  heads("a worker's relay", 'ancillary', relay, ['agent', 'worker', 'sweeper']),
  heads("the consolidation's relay", 'ancillary', tableRelay, ['agent', 'consolidator', 'sweeper']),
  heads('outside the relay', 'ancillary', () => 'release/x', ['sweeper']),
  lists("a worker's relay", 'ancillary', ({ job }) => relayPrefix(job, 1), ['agent', 'worker', 'sweeper']),
  lists("a job's relay", 'ancillary', ({ job }) => `relay/${job}/`, ['agent', 'sweeper']),
  lists('all relays', 'ancillary', () => 'relay/', ['agent', 'sweeper']),
  lists('everything', 'ancillary', () => '', ['sweeper']),
  deletes(
    "a worker's relay",
    'ancillary',
    newAt(({ job }) => relayPrefix(job, 1)),
    ['sweeper'],
  ),
]

const ledger: readonly Ask[] = [
  ...partition('a run', () => 'run#x', ['intake', 'agent']),
  ...partition('the leases', () => 'leases', ['intake', 'agent']),
  ...partition('the releases', () => 'release#x', ['keyHost']),
  ...partition('what begins almost like a release', () => 'release', ['intake', 'agent']),
  ...partition('releases in capitals', () => 'RELEASE#x', ['intake', 'agent']),
  pair('a run under a check of a lease', 'run#x', 'leases', ['intake', 'agent']),
  pair('a run under a check of a release', 'run#x', 'release#x', nobody),
  pair('a release under a check of a lease', 'release#x', 'leases', nobody),
  pair('a release under a check of a release', 'release#x', 'release#y', ['keyHost']),
]

const receive = (queue: 'events' | 'doorbell', may: readonly Asker[]): Ask => ({
  what: `receive from ${queue}`,
  may,
  call: (cloud) => cloud.queue.receive(queue, { waitMs: 0, max: 1, visibilityMs: 0 }),
})

const rest: readonly Ask[] = [
  receive('events', ['intake']),
  receive('doorbell', ['agent']),
  { what: 'send to events', may: nobody, call: ({ queue }) => queue.send('events', '{}') },
  { what: 'send to doorbell', may: ['intake', 'agent', ...workers], call: ({ queue }) => queue.send('doorbell', '{}') },
  // Sent with a token that is known, so that no machine comes of it.
  { what: 'launch', may: ['agent'], call: ({ compute }, { launched }) => compute.launch(launched) },
  { what: 'describe', may: ['agent', 'sweeper', 'keyHost'], call: ({ compute }) => compute.describe() },
  { what: 'host key', may: ['agent'], call: ({ compute }, { instance }) => compute.hostKey(instance) },
  { what: 'remains', may: ['sweeper'], call: ({ compute }, { instance }) => compute.remains(instance) },
  {
    what: 'terminate',
    may: ['sweeper'],
    ends: 'NotFound',
    call: ({ compute }) => compute.terminate(`i-${'0'.repeat(17)}`),
  },
  { what: 'publish a notice', may: ['agent'], call: ({ notices }, { fresh: id }) => notices.publish({ id, subject: 's', text: 't' }) },
  { what: 'get a secret', may: ['keyHost'], call: ({ secrets }, { fresh: name }) => secrets.get(name) },
  { what: 'put a secret', may: ['keyHost'], call: ({ secrets }, { fresh: name }) => secrets.put(name, body) },
  { what: 'list secrets', may: ['keyHost'], call: ({ secrets }) => secrets.list('') },
  { what: 'sign a ticket', may: ['intake'], call: ({ signer }) => signer.sign('ticket', body) },
  { what: 'sign an answer', may: ['keyHost'], call: ({ signer }) => signer.sign('answer', body) },
  { what: 'sign an audit record', may: ['intake', 'agent', 'keyHost'], call: ({ signer }) => signer.sign('audit', body) },
  { what: 'read a public key', may: askers, call: ({ signer }) => signer.publicKey('ticket') },
  { what: 'prove who asks', may: workers, call: ({ attestor }) => attestor.prove(sha256('x')) },
  {
    what: 'verify a proof',
    may: ['keyHost'],
    ends: 'InvalidIdentity',
    call: ({ attestor }, { instance }) => attestor.verify({ kind: 'x', instance, evidence: 'x' }, sha256('x')),
  },
  { what: 'read the trail', may: ['intake', 'agent', 'keyHost'], call: ({ trail }) => trail.lines() },
  { what: 'write the trail', may: ['intake', 'agent', 'keyHost'], call: ({ trail }) => trail.append(1, 'x') },
  { what: 'tell the time', may: askers, call: ({ clock }) => clock.sleep(0) },
]

/** Every question, by what it is about. */
export const tables: Readonly<Record<string, readonly Ask[]>> = { input, output, ancillary, ledger, 'the other ports': rest }
