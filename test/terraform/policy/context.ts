/** What a request says about itself, by condition key; each value is held to the key's type. */
import { isIP } from 'node:net'
import { type KeyType, keyOf } from './keys.ts'

export type Values = Readonly<Record<string, string | readonly string[]>>

const date = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$|^\d{1,12}$/
const fits: Readonly<Record<KeyType, (value: string) => boolean>> = {
  string: () => true,
  arn: (value) => /^arn(:[^:]*){4}:./.test(value),
  bool: (value) => value === 'true' || value === 'false',
  numeric: (value) => /^-?\d+(\.\d+)?$/.test(value),
  date: (value) => date.test(value) && !Number.isNaN(timeOf(value)),
  ip: (value) => isIP(value) !== 0,
}

/** Milliseconds since the epoch of a date as policies write it: ISO 8601 in UTC, or seconds. */
export const timeOf = (value: string): number => (/^\d{5,}$/.test(value) ? Number(value) * 1000 : Date.parse(value))

/** Throws unless a value is of the key's type. */
export function checkValue(name: string, value: string): void {
  const { type } = keyOf(name)
  if (!fits[type](value)) throw new Error(`${name}: expected a value of type ${type}, got ${JSON.stringify(value)}`)
}

/** Looks keys up in any case. */
export class Context {
  /** Everything said, keys as they were written. */
  readonly said: readonly (readonly [name: string, values: readonly string[]])[]
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(...sources: readonly Values[]) {
    this.said = sources.flatMap((source) =>
      Object.entries(source).map(([name, given]): readonly [string, readonly string[]] => [
        name,
        typeof given === 'string' ? [given] : given,
      ]),
    )
    this.#values = new Map(this.said.map(([name, values]) => [name.toLowerCase(), values]))
    for (const [name, values] of this.said) {
      const { many } = keyOf(name)
      if (this.#values.get(name.toLowerCase()) !== values) throw new Error(`${name}: said twice in one request`)
      if (values.length === 0 || (values.length > 1 && !many))
        throw new Error(`${name}: expected ${many ? 'some values' : 'one value'}, got ${values.length}`)
      for (const value of values) checkValue(name, value)
    }
  }

  get(name: string): readonly string[] | undefined {
    return this.#values.get(name.toLowerCase())
  }
}
