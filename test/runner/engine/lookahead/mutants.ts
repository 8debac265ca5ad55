/** Faults in the window's logic. Each has to be found by the property. */
export interface Mutant {
  readonly what: string
  /** Below runner/engine. */
  readonly file: string
  /** Each `find` stands in the file exactly once. */
  readonly edits: readonly { readonly find: string; readonly replace: string }[]
}

export const mutants: readonly Mutant[] = [
  {
    what: 'a look is kept over a change',
    file: 'ahead.ts',
    edits: [
      { find: 'begun?.version === this.#sights.version()', replace: 'begun !== undefined' },
      { find: 'if (this.#version !== version) this.#begun.clear()', replace: '' },
    ],
  },
  {
    what: 'a barrier is forgotten: an action is taken for no change',
    file: 'turn.ts',
    edits: [
      {
        find: 'machine.changing(() => plan.apply(hands))',
        replace: '(given.op.task.acts ? plan.apply(hands) : machine.changing(() => plan.apply(hands)))',
      },
    ],
  },
  {
    what: 'a barrier is forgotten: what a decision brings is taken from what was seen before a change',
    file: 'ahead.ts',
    edits: [
      {
        find: 'begun?.version === this.#sights.version()',
        replace: "begun !== undefined && (op.kind === 'decide' || begun.version === this.#sights.version())",
      },
      {
        find: 'if (this.#version !== version) this.#begun.clear()',
        replace: "if (this.#version !== version) for (const old of this.#begun.keys()) if (old.kind !== 'decide') this.#begun.delete(old)",
      },
    ],
  },
  {
    what: 'a failure is reported early',
    file: 'ahead.ts',
    edits: [
      {
        find: '    this.#begun.delete(op)\n',
        replace:
          "    this.#begun.delete(op)\n    if (begun !== undefined) { const early = await begun.settled; if ('error' in early) throw early.error }\n",
      },
      { find: 'if (this.#version !== version) this.#begun.clear()', replace: '' },
    ],
  },
  {
    what: 'hosts that are one machine do not know of each other',
    file: 'machines.ts',
    edits: [{ find: 'const key = machineKey(host)', replace: 'const key = host.name' }],
  },
  {
    what: 'what is delegated counts for the host that delegated it',
    file: 'station.ts',
    edits: [{ find: 'machine: place.machine', replace: 'machine: this.#own.machine' }],
  },
  {
    what: 'hosts that are one machine do not take turns',
    file: 'stepper.ts',
    edits: [
      {
        find: '    await turns.enter()\n    return () => turns.leave()',
        replace: '    await turns.within(async () => undefined)\n    return () => undefined',
      },
    ],
  },
]
