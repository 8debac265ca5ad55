import { BlockList, isIP } from 'node:net'

/** Whether all addresses of the second network are in the first. What is no network contains nothing and is in nothing. */
export function contains(outer: string, inner: string): boolean {
  const [a, b] = [partsOf(outer), partsOf(inner)]
  if (a === undefined || b === undefined || a.family !== b.family || a.length > b.length) return false
  const block = new BlockList()
  block.addSubnet(a.address, a.length, a.family)
  return block.check(b.address, b.family)
}

export const overlaps = (a: string, b: string): boolean => contains(a, b) || contains(b, a)

/** Everybody: all of IPv4 or of IPv6. */
export const isWorld = (cidr: string): boolean => /\/0$/.test(cidr) && partsOf(cidr) !== undefined

/** Whether it is a network at all. */
export const isNetwork = (text: string): boolean => text.includes('/') && partsOf(text) !== undefined

const inside = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', 'fc00::/7', 'fe80::/10']

/** Addresses that nobody has on the internet. */
export const isPrivate = (cidr: string): boolean => inside.some((network) => contains(network, cidr))

function partsOf(cidr: string): { address: string; length: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', length] = cidr.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (family === 0 || Number.isNaN(bits) || bits > most) return undefined
  return { address, length: bits, family: family === 4 ? 'ipv4' : 'ipv6' }
}
