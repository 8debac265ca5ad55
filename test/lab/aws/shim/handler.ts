import type { Answer, Ask } from './ask.ts'

/** What answers where the shim does not: moto itself. */
export type Moto = (ask: Ask) => Promise<Answer>

/** An operation that moto does not do as AWS does. */
export interface Handler {
  /** Such as `ec2:RunInstances`. */
  readonly operation: string
  /** `corrected`: moto does it, and the shim mends request or answer. `stubbed`: the shim remembers it, and moto never hears of it. */
  readonly kind: 'corrected' | 'stubbed'
  readonly why: string
  readonly handle: (ask: Ask, moto: Moto) => Promise<Answer>
}

type Make = (operation: string, why: string, handle: (ask: Ask, moto: Moto) => Answer | Promise<Answer>) => Handler

const make =
  (kind: Handler['kind']): Make =>
  (operation, why, handle) => ({ operation, kind, why, handle: async (ask, moto) => handle(ask, moto) })

export const corrected = make('corrected')
export const stubbed = make('stubbed')
