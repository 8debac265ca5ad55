/** The data owner's part: encrypt to HomerKey, upload under names that say nothing, seal the run. */
import { randomUUID } from 'node:crypto'
import { type Cloud, isCloudError } from '../cloud/ports.ts'
import { isUuid, printable, sampleKey, sealKey } from '../custody/names.ts'
import { type PublicKey, readPublicKey } from '../custody/openpgp.ts'
import { ownerPublicKey } from './keys.ts'
import { type Plan, readPlan, writePlan } from './plan.ts'
import { checkEncrypted, encryptionKeyIds, encryptSample, inspect, readAgain, type SampleFile } from './sample-file.ts'

/** What a submit reaches: uploads as the owner, and the key host's book of owners. */
export interface SubmitTo {
  readonly objects: Pick<Cloud['objects'], 'put'>
  /** Makes the owner's public key known for a run. The same key again is fine. */
  enrol(run: string, armored: string): Promise<unknown>
  /** The owner's private directory. */
  readonly home: string
  /** HomerKey's armored public half. */
  readonly homer: string
}

export interface SubmitHooks {
  /** About to put object `index` of `count` (the seal is the last); may give other bytes to put. */
  readonly beforePut?: (put: Put) => Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** It is there, durably. */
  readonly afterPut?: (put: Put) => void | Promise<void>
}

interface Put {
  /** Counts from 0. */
  readonly index: number
  readonly count: number
  readonly key: string
  /** Absent for the seal. */
  readonly sample?: string
  readonly body: Uint8Array
}

export interface NewSubmit {
  readonly files: readonly string[]
  readonly encrypted?: boolean
  /** A public key file; the owner's default key without it. */
  readonly ownerKey?: string | undefined
}

export interface Submitted {
  readonly run: string
  readonly owner: PublicKey
  readonly samples: readonly { readonly sample: string; readonly path: string }[]
}

/** Checks everything, writes the plan, and only then uploads. */
export async function submitRun(to: SubmitTo, options: NewSubmit, hooks: SubmitHooks = {}): Promise<Submitted> {
  return carryOut(to, await makePlan(to, options), hooks)
}

/** Finishes an interrupted submit with the ids it began with. One that is finished is left as it is. */
export async function resumeRun(to: SubmitTo, run: string, hooks: SubmitHooks = {}): Promise<Submitted> {
  if (!isUuid(run)) throw new Error(`--resume: expected the id of a run, got ${JSON.stringify(printable(run.slice(0, 60)))}`)
  const plan = await readPlan(to.home, run)
  if (plan === undefined) throw new Error(`--resume ${run}: no such run was submitted from here`)
  return carryOut(to, plan, hooks)
}

/** Checks the files and keys and writes down what is to be uploaded. Nothing leaves this machine. */
export async function makePlan({ home, homer }: SubmitTo, { files, encrypted = false, ownerKey }: NewSubmit): Promise<Plan> {
  const found = await inspectAll(files)
  if (encrypted) {
    const ids = await encryptionKeyIds(homer)
    for (const file of found) await checkEncrypted(file.path, await readAgain(file), ids)
  }
  const { armored } = await ownerPublicKey(home, ownerKey)
  const plan: Plan = {
    v: 1,
    run: randomUUID(),
    encrypted,
    owner: armored,
    files: found.map(({ path, size, sha256 }) => ({ path, sample: randomUUID(), size, sha256 })),
    sealed: false,
  }
  await writePlan(home, plan)
  return plan
}

async function inspectAll(files: readonly string[]): Promise<SampleFile[]> {
  if (files.length === 0) throw new Error('expected at least one file to submit')
  if (files.length > 999_999) throw new Error(`expected at most 999999 files in a run, got ${files.length}`)
  const found: SampleFile[] = []
  const seen = new Set<string>()
  for (const file of files) {
    const one = await inspect(file)
    if (seen.has(one.path)) throw new Error(`${printable(file)}: this file is named twice`)
    seen.add(one.path)
    found.push(one)
  }
  return found
}

/** Every put is if-absent under ids that are written down, so a second time over does nothing twice. */
async function carryOut(to: SubmitTo, plan: Plan, hooks: SubmitHooks): Promise<Submitted> {
  const { run, files } = plan
  const owner = await readPublicKey(plan.owner)
  const done = { run, owner, samples: files.map(({ sample, path }) => ({ sample, path })) }
  if (plan.sealed) return done
  await to.enrol(run, plan.owner)
  const ids = plan.encrypted ? await encryptionKeyIds(to.homer) : []
  const count = files.length + 1
  for (const [index, file] of files.entries()) {
    const bytes = await readAgain(file)
    const body = plan.encrypted ? await checkEncrypted(file.path, bytes, ids) : await encryptSample(to.homer, file.path, bytes)
    await put(to, { index, count, key: sampleKey(run, file.sample), sample: file.sample, body }, hooks)
  }
  await put(to, { index: files.length, count, key: sealKey(run, files.length), body: new Uint8Array() }, hooks)
  await writePlan(to.home, { ...plan, sealed: true })
  return done
}

async function put(to: SubmitTo, planned: Put, hooks: SubmitHooks): Promise<void> {
  const body = (await hooks.beforePut?.(planned)) ?? planned.body
  try {
    await to.objects.put('input', planned.key, body, { ifAbsent: true })
  } catch (error) {
    if (!isCloudError(error, 'PreconditionFailed')) throw error
  }
  await hooks.afterPut?.(planned)
}
