import { describe, expect, test } from 'vitest'
import type { Command, Connection, Module, Out, Output, Plain, Reader, Schema } from '../../runner/contract.ts'
import { same, valid } from '../../runner/define.ts'
import { RemoteError } from '../../runner/errors.ts'

/** What a machine answers: the first key that a command contains decides. */
export type Machine = Readonly<Record<string, string | Partial<Output>>>

interface Cases<P extends Schema, S extends Plain> {
  /** What the module sees of a machine. */
  readonly check?: Readonly<Record<string, { given: Schema.InferInput<P>; machine: Machine; sees: S }>>
  /** What it then wants, and what it runs to get there. */
  readonly apply?: Readonly<
    Record<string, { given: Schema.InferInput<P>; now: S; wants?: NoInfer<S>; runs?: readonly (string | RegExp)[]; refuses?: RegExp }>
  >
  /** Parameters that are refused when the playbook is built. */
  readonly refuses?: Readonly<Record<string, { given: unknown; says: RegExp }>>
}

/**
 * Tests a module by data. Unasked, it also holds that `check` only looks, and that a module which has what it wants wants nothing more.
 */
export function testModule<P extends Schema, S extends Plain>(made: { readonly definition: Module<P, S> }, cases: Cases<P, S>): void {
  const { definition: module } = made
  const parse = (given: unknown): Out<P> => valid(module.params, given, module.name)
  describe(module.name, () => {
    for (const [title, { given, machine, sees }] of Object.entries(cases.check ?? {})) {
      test(title, async () => expect(await module.check(parse(given), readerOf(machine))).toEqual(sees))
    }
    for (const [title, { given, now, wants, runs = [], refuses }] of Object.entries(cases.apply ?? {})) {
      test(title, async () => {
        const params = parse(given)
        if (refuses !== undefined) {
          expect(() => module.want(params, now)).toThrow(refuses)
          return
        }
        const want: S = module.want(params, now)
        if (wants !== undefined) expect(want).toEqual(wants)
        expect(same(module.want(params, want), want), 'it has what it wants and wants more').toBe(true)
        const { connection, ran } = recorder()
        if (!same(now, want)) await module.apply({ params, now, want }, connection)
        expect(ran).toHaveLength(runs.length)
        runs.forEach((expected, index) => {
          if (typeof expected === 'string') expect(ran[index]).toBe(expected)
          else expect(ran[index]).toMatch(expected)
        })
      })
    }
    for (const [title, { given, says }] of Object.entries(cases.refuses ?? {})) {
      test(title, () => expect(() => parse(given)).toThrow(says))
    }
  })
}

/** A machine that can only be looked at. */
export function readerOf(machine: Machine): Reader {
  const probe = async ({ text }: Command): Promise<Output> => {
    const answer = Object.entries(machine).find(([key]) => text.includes(key))?.[1]
    if (answer === undefined) throw new Error(`the machine of this test has no answer to: ${text}`)
    const { code = 0, stdout = '', stderr = '' } = typeof answer === 'string' ? { stdout: answer } : answer
    return { code, stdout, stderr, bytes: Buffer.from(stdout) }
  }
  return { probe, read: async () => undefined }
}

/** A connection that takes down what it is asked to run and to write. */
export function recorder(answers: Machine = {}): { connection: Connection; ran: string[] } {
  const ran: string[] = []
  const reader = readerOf({ ...answers, '': '' })
  const run = async (command: Command): Promise<Output> => {
    ran.push(command.text)
    const output = await reader.probe(command)
    if (output.code !== 0) throw new RemoteError('test', command.text, output)
    return output
  }
  const write = async (path: string, _: unknown, mode: number): Promise<void> => {
    ran.push(`write ${path} ${mode.toString(8)}`)
  }
  return { connection: { ...reader, run, write, close: async () => undefined }, ran }
}
