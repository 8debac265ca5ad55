/**
 * The only names that objects may have. Names are random or derived, so they carry no PHI; whatever does not match is
 * refused, never repaired.
 */
import { sha256 } from './canonical.ts'

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
const samplePattern = new RegExp(`^incoming/(${uuid})/(${uuid})\\.pgp$`)
const sealPattern = new RegExp(`^incoming/(${uuid})/([1-9][0-9]{0,5})\\.seal$`)
const uuidPattern = new RegExp(`^${uuid}$`)

/** What is made of a run: one result a sample, and the run's own, whose unit is called `table`. */
export const TABLE = 'table'

export type Incoming =
  | { readonly kind: 'sample'; readonly run: string; readonly sample: string }
  | { readonly kind: 'seal'; readonly run: string; readonly count: number }

/** What an object under `incoming/` says by its name; undefined when the name is not on the allow-list. */
export function parseIncoming(key: string): Incoming | undefined {
  const sample = samplePattern.exec(key)
  if (sample?.[1] !== undefined && sample[2] !== undefined) return { kind: 'sample', run: sample[1], sample: sample[2] }
  const seal = sealPattern.exec(key)
  if (seal?.[1] !== undefined && seal[2] !== undefined) return { kind: 'seal', run: seal[1], count: Number(seal[2]) }
  return undefined
}

/** A run's or sample's id. */
export const isUuid = (text: string): boolean => uuidPattern.test(text)

export const sampleKey = (run: string, sample: string): string => `incoming/${run}/${sample}.pgp`
export const sealKey = (run: string, count: number): string => `incoming/${run}/${count}.seal`

/** A sample's job: the hash of the very object version it is about. */
export const sampleJob = (bucket: string, key: string, version: string): string => sha256(`${bucket}\n${key}\n${version}`).slice(0, 40)
export const consolidateJob = (run: string): string => sha256(`consolidate\n${run}`).slice(0, 40)

export type RelayName = 'challenge' | 'request' | 'answer' | 'beat' | 'end'
export const relayPrefix = (job: string, attempt: number): string => `relay/${job}/${attempt}/`
export const relayKey = (job: string, attempt: number, name: RelayName): string => `${relayPrefix(job, attempt)}${name}.json`

/** Where the results of a run's samples lie. */
export const samplesPrefix = (run: string): string => `runs/${run}/samples/`
/** `unit` is a sample's id or TABLE. */
export const unitPrefix = (run: string, unit: string): string => (unit === TABLE ? `runs/${run}/table/` : `${samplesPrefix(run)}${unit}/`)
export const attemptPrefix = (run: string, unit: string, attempt: number): string => `${unitPrefix(run, unit)}attempt-${attempt}/`
/** Output files have no names of their own: file `index` counts from 1. */
export const attemptFile = (run: string, unit: string, attempt: number, index: number): string =>
  `${attemptPrefix(run, unit, attempt)}${index}.pgp`
/** The one object that says which attempt is the result. */
export const manifestKey = (run: string, unit: string): string => `${unitPrefix(run, unit)}result.json`

/** What became of a run's samples, for the data owner: written by the agent, ids and classes only. */
export const reportKey = (run: string): string => `runs/${run}/report.json`

/** Makes any outside text safe to print: control, format, bidi and unassigned characters become \u{…}. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}
