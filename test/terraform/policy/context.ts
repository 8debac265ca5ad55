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
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(...sources: readonly Values[]) {
    const values = new Map<string, readonly string[]>()
    for (const [name, given] of sources.flatMap((source) => Object.entries(source))) {
      const key = keyOf(name)
      const list = typeof given === 'string' ? [given] : given
      if (values.has(name.toLowerCase())) throw new Error(`${name}: said twice in one request`)
      if (list.length === 0 || (list.length > 1 && !key.many))
        throw new Error(`${name}: expected ${key.many ? 'some values' : 'one value'}, got ${list.length}`)
      for (const value of list) checkValue(name, value)
      values.set(name.toLowerCase(), list)
    }
    this.#values = values
  }

  get(name: string): readonly string[] | undefined {
    return this.#values.get(name.toLowerCase())
  }
}
