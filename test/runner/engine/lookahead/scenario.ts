/** Playbooks and hosts by chance, as data: what can be printed, shrunk and run again. */
import * as fc from 'fast-check'

const keys = ['a', 'b', 'c', 'd'] as const
type Key = (typeof keys)[number]

export interface Options {
  /** By the number of the host, modulo its length. Undefined: everywhere. */
  readonly when?: readonly boolean[]
  readonly notify?: readonly number[]
  readonly ignoreErrors?: boolean
  readonly ignoreUnreachable?: boolean
  readonly until?: boolean
  readonly user?: boolean
  readonly throttle?: number
  readonly noLog?: boolean
  /** The number of another host. */
  readonly delegateTo?: number
  readonly runOnce?: boolean
  readonly anyErrorsFatal?: boolean
}

export type Node =
  | { readonly kind: 'keep'; readonly key: Key; readonly value: string; readonly options: Options }
  | { readonly kind: 'mirror'; readonly from: Key; readonly to: Key; readonly options: Options }
  | { readonly kind: 'poke' | 'once'; readonly key: Key; readonly options: Options }
  | { readonly kind: 'block'; readonly tasks: Nodes; readonly rescue: Nodes; readonly always: Nodes; readonly options: Options }
  | { readonly kind: 'decide'; readonly key: Key; readonly there: Nodes; readonly missing: Nodes; readonly options: Options }
  /** Decides on the task before it in its list. */
  | { readonly kind: 'result'; readonly changed: Nodes; readonly same: Nodes }
  | { readonly kind: 'flush' }
  | { readonly kind: 'end'; readonly when: readonly boolean[] }
type Nodes = readonly Node[]

export interface Scenario {
  readonly hosts: number
  /** Which machine each host is, modulo its length. */
  readonly machines: readonly number[]
  readonly states: readonly Readonly<Partial<Record<Key, string>>>[]
  readonly strategy: 'linear' | 'free' | 'host_pinned'
  readonly serial: number | undefined
  readonly maxFailPercentage: number | undefined
  readonly forceHandlers: boolean
  readonly forks: number
  readonly mode: 'apply' | 'check'
  readonly handlers: readonly { readonly key: Key; readonly value: string; readonly notify: readonly number[] }[]
  readonly steps: Nodes
  readonly window: number
  /** How long requests take, for either run. */
  readonly delays: readonly [number, number]
}

const key = fc.constantFrom(...keys)
const perHost = fc.array(fc.boolean(), { minLength: 1, maxLength: 3 })
const value = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('x', 'y') }, { weight: 1, arbitrary: fc.constant('bad') })
const state = fc.record(
  Object.fromEntries(
    keys.map((name) => [
      name,
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom('x', 'y') }, { weight: 1, arbitrary: fc.constantFrom('unreadable', 'gone') }),
    ]),
  ),
  { requiredKeys: [] },
)

/** Now and then; `nothing`: how many times as often not. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>, nothing = 8): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: nothing, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

/** Most tasks have few options: much else would be skipped or stopped by the first. */
function optionsOf(linear: boolean): fc.Arbitrary<Options> {
  const common = {
    when: rarely(perHost),
    notify: rarely(fc.array(fc.nat(2), { minLength: 1, maxLength: 2 }), 2),
    ignoreErrors: rarely(fc.constant(true)),
    ignoreUnreachable: rarely(fc.constant(true)),
    until: rarely(fc.constant(true)),
    user: rarely(fc.constant(true)),
    throttle: rarely(fc.integer({ min: 1, max: 2 })),
    noLog: rarely(fc.constant(true)),
  }
  // Where nobody waits for others, what one host does to another comes at any time, whatever is looked at ahead.
  const between = { delegateTo: rarely(fc.nat(3)), runOnce: rarely(fc.constant(true)), anyErrorsFatal: rarely(fc.constant(true)) }
  const bare = fc.constant<Options>({})
  const some = fc.record({ ...common, ...(linear ? between : {}) }).map(withoutUndefined)
  return fc.oneof(bare, some)
}

function stepsOf(linear: boolean): fc.Arbitrary<Nodes> {
  const options = optionsOf(linear)
  const { steps } = fc.letrec<{ steps: Nodes; node: Node; leaf: Node; nest: Node }>((tie) => ({
    steps: fc.array(tie('node'), { maxLength: 6, depthIdentifier: 'steps' }),
    node: fc.oneof(
      { depthIdentifier: 'steps', maxDepth: 3, depthSize: 'small' },
      { weight: 6, arbitrary: tie('leaf') },
      { weight: 2, arbitrary: tie('nest') },
    ),
    leaf: fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('keep' as const), key, value, options }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('mirror' as const), from: key, to: key, options }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('poke' as const, 'once' as const), key, options }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), when: perHost }) },
    ),
    nest: fc.oneof(
      fc.record({ kind: fc.constant('block' as const), tasks: tie('steps'), rescue: tie('steps'), always: tie('steps'), options }),
      fc.record({ kind: fc.constant('decide' as const), key, there: tie('steps'), missing: tie('steps'), options: fc.constant({}) }),
      fc.record({ kind: fc.constant('result' as const), changed: tie('steps'), same: tie('steps') }),
    ),
  }))
  return steps
}

/** Any scenario; most are small, many change something, some fail. */
export const scenarios: fc.Arbitrary<Scenario> = fc.constantFrom('linear', 'linear', 'free', 'host_pinned').chain(
  (strategy) =>
    fc.record({
      hosts: fc.integer({ min: 1, max: 4 }),
      machines: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
      states: fc.array(state, { minLength: 1, maxLength: 4 }),
      strategy: fc.constant(strategy as Scenario['strategy']),
      serial: rarely(fc.integer({ min: 1, max: 3 }), 3),
      maxFailPercentage: strategy === 'linear' ? rarely(fc.nat(90), 5) : fc.constant(undefined),
      forceHandlers: fc.boolean(),
      forks: fc.integer({ min: 1, max: 4 }),
      mode: fc.constantFrom('apply', 'apply', 'apply', 'check'),
      handlers: fc.array(fc.record({ key, value, notify: fc.array(fc.nat(2), { maxLength: 1 }) }), { minLength: 3, maxLength: 3 }),
      steps: stepsOf(strategy === 'linear'),
      window: fc.constantFrom(2, 3, 5, 64),
      delays: fc.tuple(fc.nat(), fc.nat()),
    }) as fc.Arbitrary<Scenario>,
)

const withoutUndefined = (given: object): Options => Object.fromEntries(Object.entries(given).filter(([, part]) => part !== undefined))
