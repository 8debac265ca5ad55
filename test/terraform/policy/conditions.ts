/** Conditions: an operator, a key, values. All of a statement's conditions must hold. */
import { BlockList, isIP } from 'node:net'
import { type Context, checkValue, timeOf } from './context.ts'
import { type KeyType, keyOf } from './keys.ts'
import { type Match, matches, matchesArn, parseArn, parsePattern, Unclear } from './text.ts'

export interface Condition {
  readonly operator: string
  readonly key: string
  readonly holds: (context: Context) => boolean
}

/** Holds one value of a request against one of the policy, which is read once. */
type Test = (value: string, context: Context) => Match
interface Operator {
  readonly types: readonly KeyType[]
  readonly read: (wanted: string, key: string) => Test
}

const say = (yes: boolean): Match => (yes ? 'yes' : 'no')
const lower = (text: string): string => text.toLowerCase()

const text: Operator['types'] = ['string', 'arn', 'ip']
const equals: Operator = { types: text, read: (wanted) => withPattern(parsePattern(wanted, { wildcards: false })) }
const like: Operator = { types: text, read: (wanted) => withPattern(parsePattern(wanted, { wildcards: true })) }
const withPattern =
  (pattern: ReturnType<typeof parsePattern>): Test =>
  (value, context) =>
    matches(pattern, value, context)
const ignoringCase: Operator = {
  types: text,
  read: (wanted) => {
    if (wanted.includes('${')) throw new Error(`${wanted}: variables are not read by an operator that ignores case`)
    return (value) => say(lower(value) === lower(wanted))
  },
}
const arn: Operator = {
  types: ['arn'],
  read: (wanted) => {
    const pattern = parseArn(wanted)
    return (value, context) => matchesArn(pattern, value, context)
  },
}
const bool: Operator = { types: ['bool'], read: literally((wanted) => (value) => say(value === wanted)) }
const ip: Operator = {
  types: ['ip'],
  read: (wanted) => {
    const [address = '', length] = wanted.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const bits = family === 'ipv6' ? 128 : 32
    const prefix = length === undefined ? bits : Number(length)
    if (isIP(address) === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > bits)
      throw new Error(`${wanted}: expected an address or a network`)
    const list = new BlockList()
    list.addSubnet(address, prefix, family)
    return (value) => say(list.check(value, isIP(value) === 6 ? 'ipv6' : 'ipv4'))
  },
}

function literally(read: Operator['read']): Operator['read'] {
  return (wanted, key) => {
    checkValue(key, wanted)
    return read(wanted, key)
  }
}

const compared = (type: 'numeric' | 'date', is: (value: number, wanted: number) => boolean): Operator => {
  const numberOf = type === 'date' ? timeOf : Number
  return { types: [type], read: literally((wanted) => (value) => say(is(numberOf(value), numberOf(wanted)))) }
}
const comparisons = (name: 'Numeric' | 'Date'): Readonly<Record<string, Operator>> => {
  const type = name === 'Date' ? 'date' : 'numeric'
  return {
    [`${name}Equals`]: compared(type, (value, wanted) => value === wanted),
    [`${name}LessThan`]: compared(type, (value, wanted) => value < wanted),
    [`${name}LessThanEquals`]: compared(type, (value, wanted) => value <= wanted),
    [`${name}GreaterThan`]: compared(type, (value, wanted) => value > wanted),
    [`${name}GreaterThanEquals`]: compared(type, (value, wanted) => value >= wanted),
  }
}

const positive: Readonly<Record<string, Operator>> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: ignoringCase,
  StringLike: like,
  ArnEquals: arn,
  ArnLike: arn,
  Bool: bool,
  IpAddress: ip,
  ...comparisons('Numeric'),
  ...comparisons('Date'),
}

/** The negated operators and what they negate. */
const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NotIpAddress: 'IpAddress',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
}

/** Reads one line of a Condition element. Whatever it does not know throws. */
export function parseCondition(operator: string, key: string, wanted: readonly string[]): Condition {
  const { type, many } = keyOf(key)
  if (wanted.length === 0) throw new Error(`${operator} ${key}: no values`)
  if (operator === 'Null') return { operator, key, holds: nullTest(key, wanted) }

  const [, set, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? []
  const negated = Object.hasOwn(negations, base)
  const known = positive[negations[base] ?? base]
  if (known === undefined) throw new Error(`condition operator ${operator}: unknown`)
  if (!known.types.includes(type)) throw new Error(`${operator} ${key}: the key holds a value of type ${type}`)
  if (many && set === undefined) throw new Error(`${operator} ${key}: may have several values, which needs ForAllValues or ForAnyValue`)
  if (!many && set !== undefined) throw new Error(`${operator} ${key}: has one value, which ForAllValues and ForAnyValue are not for`)
  if (set !== undefined && ifExists !== undefined) throw new Error(`${operator}: a set operator and IfExists together are not read`)

  const tests = wanted.map((one) => known.read(one, key))
  const one = (value: string, context: Context): boolean => {
    const each = tests.map((test) => test(value, context))
    if (each.includes('yes')) return !negated
    if (negated && each.includes('unresolved'))
      throw new Unclear(
        `${operator} ${key}: a variable has no value, and AWS does not say what a negated operator makes of that: give it a default`,
      )
    return negated
  }
  const whenMissing = set === undefined ? negated || ifExists !== undefined : set === 'ForAllValues'
  return {
    operator,
    key,
    holds: (context) => {
      const values = context.get(key)
      if (values === undefined) return whenMissing
      return set === 'ForAnyValue' ? values.some((value) => one(value, context)) : values.every((value) => one(value, context))
    },
  }
}

function nullTest(key: string, wanted: readonly string[]): Condition['holds'] {
  const [only] = wanted
  if (wanted.length !== 1 || (only !== 'true' && only !== 'false'))
    throw new Error(`Null ${key}: expected true or false, got ${wanted.join(', ')}`)
  return (context) => (context.get(key) === undefined) === (only === 'true')
}
