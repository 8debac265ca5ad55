/** Brings a finished run's results home: decrypted with the owner's key, or as they lie there. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Objects } from '../cloud/ports.ts'
import type { FailureClass, Manifest } from '../custody/messages.ts'
import { isUuid, printable, TABLE } from '../custody/names.ts'
import { decryptWithKey } from '../custody/openpgp.ts'
import { PgpError } from '../custody/pgp-packets.ts'
import { safeName } from '../custody/safe-name.ts'
import { checkEmpty, fillDirectory, writeNew } from './files.ts'
import { ownerSecretKey } from './keys.ts'
import { readPlan } from './plan.ts'
import { type Published, readFileOf, readPublished } from './published.ts'

export interface FetchFrom {
  readonly objects: Pick<Objects, 'get' | 'list'>
  /** The owner's private directory. */
  readonly home: string
}

export interface FetchOptions {
  readonly run: string
  /** A directory that is not there yet, or is empty. */
  readonly out: string
  /** Leave everything encrypted. */
  readonly encrypted?: boolean
  /** A secret key file; the owner's default key without it. */
  readonly key?: string | undefined
}

export interface Fetched {
  /** Paths of the files written, the run's own first. */
  readonly files: readonly string[]
  /** Samples without a result. `path`: the file it was made of, when it was submitted from here. */
  readonly failed: readonly { readonly sample: string; readonly class: FailureClass | undefined; readonly path: string | undefined }[]
}

/** Where a published file goes, under the output directory. */
interface Placed {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Writes all results of a finished run, each checked against its manifest; all of them or nothing. */
export async function fetchRun({ objects, home }: FetchFrom, { run, out, encrypted = false, key }: FetchOptions): Promise<Fetched> {
  if (!isUuid(run)) throw new Error(`expected the id of a run, got ${JSON.stringify(printable(run.slice(0, 60)))}`)
  const target = resolve(out)
  await checkEmpty(target)
  const plan = await readPlan(home, run)
  const published = await readPublished(objects, run)
  checkFinished(run, published, plan?.files.length)
  const secret = encrypted ? undefined : await ownerSecretKey(home, key)

  const files: string[] = []
  await fillDirectory(target, async (stage) => {
    for (const manifest of [published.table, ...published.samples]) {
      if (manifest === undefined) continue
      const names = new Set<string>()
      for (const [index, file] of manifest.files.entries()) {
        const message = await readFileOf(objects, file)
        const placed = secret === undefined ? asItLies(manifest.unit, index, message) : await opened(manifest, message, secret, names)
        await mkdir(join(stage, placed.path, '..'), { recursive: true, mode: 0o700 })
        await writeNew(join(stage, placed.path), placed.bytes)
        files.push(join(target, placed.path))
      }
    }
  })
  const failed = (published.report?.samples ?? []).filter(({ state }) => state === 'FAILED')
  const pathOf = new Map(plan?.files.map(({ sample, path }) => [sample, path]))
  return { files, failed: failed.map(({ id, class: failure }) => ({ sample: id, class: failure, path: pathOf.get(id) })) }
}

/** Throws, and says what is missing, unless the run has its table or has ended without one. */
function checkFinished(run: string, { samples, table, report }: Published, submitted: number | undefined): void {
  if (table !== undefined) return
  if (report !== undefined && samples.length === 0) throw new Error(`run ${run} has ended, and none of its samples has a result`)
  if (report !== undefined) return
  if (samples.length === 0 && submitted === undefined)
    throw new Error(`there is no run ${run} here: expected the id that \`skep submit\` printed`)
  const of = submitted === undefined ? '' : ` of ${submitted}`
  throw new Error(
    `run ${run} is not finished: ${samples.length}${of} samples have a result, and the run's table is missing; let \`skep agent\` go on`,
  )
}

/** A unit's first file is `<unit>.pgp`, any further one `<unit>/<number>.pgp`. */
function asItLies(unit: string, index: number, bytes: Uint8Array): Placed {
  return { path: index === 0 ? `${unit}.pgp` : join(unit, `${index + 1}.pgp`), bytes }
}

async function opened({ unit, ownerFingerprint }: Manifest, message: Uint8Array, secret: string, names: Set<string>): Promise<Placed> {
  const { data, filename } = await decryptWithKey(message, secret).catch((error: unknown) => {
    if (!(error instanceof PgpError) || error.code !== 'wrong-key') throw error
    throw new Error(
      `the results are encrypted to the key ${ownerFingerprint}: give its secret half by --key FILE, or fetch with --encrypted`,
      { cause: error },
    )
  })
  const name = unused(safeName(filename, 'result'), names)
  return { path: unit === TABLE ? name : join('samples', unit, name), bytes: data }
}

/** Two files of a unit may have one name once it is made safe. */
function unused(name: string, names: Set<string>): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${n}-${name}`
    if (names.has(candidate)) continue
    names.add(candidate)
    return candidate
  }
}
