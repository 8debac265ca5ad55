/** Ranges of ports of one protocol; ALL is every protocol. */
export interface Ports {
  readonly protocol: string
  readonly from: number
  readonly to: number
}

const ALL = 'all'
const numbered: Readonly<Record<string, string>> = { '-1': ALL, '1': 'icmp', '6': 'tcp', '17': 'udp', '58': 'icmpv6' }

/** As AWS has them: a protocol by name or number, ports that may be left out. */
export function portsOf(protocol: string | null | undefined, from: number | null | undefined, to: number | null | undefined): Ports {
  const name = numbered[protocol ?? '-1'] ?? (protocol ?? ALL).toLowerCase()
  const ported = name === 'tcp' || name === 'udp'
  return ported ? { protocol: name, from: from ?? 0, to: to ?? from ?? 65535 } : { protocol: name, from: 0, to: 65535 }
}

/** What both allow. */
export function both(a: readonly Ports[], b: readonly Ports[]): readonly Ports[] {
  return a.flatMap((one) => b.flatMap((other) => common(one, other) ?? []))
}

function common(a: Ports, b: Ports): Ports | undefined {
  if (a.protocol !== b.protocol && a.protocol !== ALL && b.protocol !== ALL) return undefined
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)]
  return from > to ? undefined : { protocol: a.protocol === ALL ? b.protocol : a.protocol, from, to }
}

/** In few words: `22`, `80, 443`, `udp 53`, `1024-65535`, `all`. TCP goes without saying. */
export function inWords(ports: readonly Ports[]): string {
  if (ports.some(({ protocol, from, to }) => protocol === ALL && from === 0 && to === 65535)) return ALL
  const sorted = ports.toSorted((a, b) => a.protocol.localeCompare(b.protocol, 'en') || a.from - b.from || b.to - a.to)
  const kept = sorted.filter((one, place) => !sorted.slice(0, place).some((other) => isWithin(one, other)))
  const words = [...new Set(kept.map(word))]
  return words.length > 3 ? `${words.slice(0, 2).join(', ')} +${words.length - 2}` : words.join(', ')
}

const isWithin = (a: Ports, b: Ports): boolean => a.protocol === b.protocol && a.from >= b.from && a.to <= b.to

function word({ protocol, from, to }: Ports): string {
  const range = from === 0 && to === 65535 ? '' : from === to ? `${from}` : `${from}-${to}`
  if (protocol === 'tcp') return range === '' ? 'all tcp' : range
  return `${protocol} ${range}`.trim()
}
