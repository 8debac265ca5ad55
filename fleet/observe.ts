/** Gathers what a decision is made of: the cloud first, then the ledger, then what the workers left at their relay places. */
import type { Cloud, ObjectHead } from '../cloud/ports.ts'
import { beatSchema, endSchema } from '../custody/messages.ts'
import { relayPrefix } from '../custody/names.ts'
import type { Observed, RelaySeen } from './decide.ts'
import { readJson } from './read-json.ts'
import { finished, type RunRecord, readRuns, type Worker } from './rows.ts'

type Parsed = Map<string, { readonly version: string; readonly value: unknown }>

/** Remembers what it has parsed, by version, so that a tick reads only what is new. */
export class Observer {
  readonly #cloud: Cloud
  #parsed: Parsed = new Map()

  constructor(cloud: Cloud) {
    this.#cloud = cloud
  }

  /** All runs that are not quiescent. `own` is the agent's own state. */
  async look(own: Pick<Observed, 'keys' | 'refused' | 'stopping'>): Promise<Observed> {
    const { clock, compute, ledger, objects } = this.#cloud
    const instances = await compute.describe()
    const runs = await readRuns(ledger, (run) => !run.quiescent)
    const relayHeads = await objects.list('ancillary', 'relay/')
    const relays = await this.#relays(runs, relayHeads)
    return { now: clock.now(), instances, runs, relays, published: await this.#published(runs), ...own }
  }

  async #published(runs: readonly RunRecord[]): Promise<ReadonlySet<string>> {
    const open = runs.filter(({ run }) => !finished(run.value)).map(({ run }) => run.value.id)
    const lists = await Promise.all(open.map((run) => this.#cloud.objects.list('output', `runs/${run}/`)))
    return new Set(lists.flat().flatMap(({ key }) => unitOfManifest(key)))
  }

  async #relays(runs: readonly RunRecord[], heads: readonly ObjectHead[]): Promise<ReadonlyMap<string, RelaySeen>> {
    const workers = runs
      .flatMap((record) => record.workers.map(({ value }) => value))
      .filter(({ sweep }) => sweep === 'NONE' || sweep === 'DOOMED')
    const fresh: Parsed = new Map()
    const seen = await Promise.all(workers.map(async (worker) => [worker.id, await this.#relay(worker, heads, fresh)] as const))
    this.#parsed = fresh
    return new Map(seen)
  }

  async #relay(worker: Worker, heads: readonly ObjectHead[], fresh: Parsed): Promise<RelaySeen> {
    const prefix = relayPrefix(worker.job, worker.attempt)
    const at = (name: string) => heads.find(({ key }) => key === `${prefix}${name}.json`)
    const parsed = async (name: string): Promise<unknown> => {
      const head = at(name)
      if (head === undefined) return undefined
      const known = this.#parsed.get(head.key)
      const value = known?.version === head.version ? known.value : await readJson(this.#cloud.objects, 'ancillary', head.key)
      fresh.set(head.key, { version: head.version, value })
      return value
    }
    // What does not parse says nothing: the worker's silence then ends it. Nobody trusts a worker's word beyond its form.
    const beat = beatSchema.safeParse(await parsed('beat')).data
    const end = endSchema.safeParse(await parsed('end')).data
    return {
      ...version('challenge', at('challenge')),
      ...version('request', at('request')),
      ...(beat === undefined ? {} : { beat: { seq: beat.seq, running: beat.stage === 'running' } }),
      ...(end === undefined ? {} : { end }),
    }
  }
}

const version = <N extends string>(name: N, head: ObjectHead | undefined) =>
  head === undefined ? {} : ({ [name]: head.version } as { readonly [K in N]: string })

/** `run/unit` of a manifest's key; [] for any other key. */
function unitOfManifest(key: string): readonly string[] {
  const found = /^runs\/([^/]+)\/(?:samples\/([^/]+)|(table))\/result\.json$/.exec(key)
  const unit = found?.[2] ?? found?.[3]
  return found?.[1] === undefined || unit === undefined ? [] : [`${found[1]}/${unit}`]
}
