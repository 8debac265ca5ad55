import { isIP } from 'node:net'

/** Addresses from one to another, both included. */
export interface Range {
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
}

/** The addresses of `10.0.0.0/16`, or of one address; undefined of what is none. */
export function rangeOf(text: string): Range | undefined {
  const [address = '', length] = text.split('/')
  const family = isIP(address)
  if (family !== 4 && family !== 6) return undefined
  const most = family === 4 ? 32 : 128
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : most + 1
  if (bits > most) return undefined
  const size = 1n << BigInt(most - bits)
  const first = ((family === 4 ? four(address) : six(address)) / size) * size
  return { family, first, last: first + size - 1n }
}

const four = (address: string): bigint => address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)

function six(address: string): bigint {
  const [plain = ''] = address.split('%')
  // The last 32 bits may be written as IPv4.
  const text = plain.replace(/[\d.]+\.\d+$/, (last) => `${(four(last) >> 16n).toString(16)}:${(four(last) & 0xffffn).toString(16)}`)
  const [before = [], after] = text.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const groups =
    after === undefined ? before : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after]
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n)
}

/** Whether all addresses of the second are in the first. */
export const contains = (outer: Range, inner: Range): boolean =>
  outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last

export const overlaps = (a: Range, b: Range): boolean => a.family === b.family && a.first <= b.last && b.first <= a.last

/** Whether it is a network at all. */
export const isNetwork = (text: string): boolean => text.includes('/') && rangeOf(text) !== undefined

/** Everybody: all of IPv4 or of IPv6. */
export const isWorld = (text: string): boolean => /\/0+$/.test(text) && rangeOf(text) !== undefined

const inside = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'].flatMap(
  (text) => rangeOf(text) ?? [],
)

/** Addresses that nobody has on the internet. */
export const isPrivate = (range: Range): boolean => inside.some((one) => contains(one, range))
