import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contains, isNetwork, isPrivate, isWorld, overlaps, rangeOf } from '../../diagram/cidr.ts'
import { both, inWords, portsOf } from '../../diagram/ports.ts'

describe('networks', () => {
  const network = fc.oneof(
    fc.tuple(fc.ipV4(), fc.nat(32)).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(fc.ipV6(), fc.nat(128)).map(([address, bits]) => `${address}/${bits}`),
  )

  test('contain what Node says that they contain', () => {
    fc.assert(
      fc.property(network, fc.oneof(fc.ipV4(), fc.ipV6()), (cidr, address) => {
        const [base = '', bits] = cidr.split('/')
        const [outer, inner] = [rangeOf(cidr), rangeOf(address)]
        if (outer === undefined || inner === undefined) throw new Error(`no range: ${cidr} ${address}`)
        const list = new BlockList()
        list.addSubnet(base, Number(bits), isIP(base) === 4 ? 'ipv4' : 'ipv6')
        const [same, type] = [isIP(base) === isIP(address), isIP(address) === 4 ? ('ipv4' as const) : ('ipv6' as const)]
        expect(contains(outer, inner)).toBe(same && list.check(address, type))
        expect(overlaps(outer, inner)).toBe(contains(outer, inner))
      }),
    )
  })

  test.each(['', 'no network', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/', '10.0.0.0/-1', '1.2.3.4/x'])('%j is none', (text) => {
    expect(rangeOf(text)).toBeUndefined()
    expect(isNetwork(text) || isWorld(text)).toBe(false)
  })

  test.each([
    ['0.0.0.0/0', true, false],
    ['::/0', true, false],
    ['10.1.0.0/16', false, true],
    ['203.0.113.0/24', false, false],
    ['fd00::/8', false, true],
    ['2001:db8::/32', false, false],
  ])('%s: the world %s, private %s', (text, world, own) => {
    expect(isWorld(text)).toBe(world)
    expect(isPrivate(rangeOf(text) ?? { family: 4, first: 0n, last: 0n })).toBe(own)
  })
})

describe('ports', () => {
  const tcp = (from: number, to = from) => portsOf('tcp', from, to)
  test.each([
    [[tcp(22)], '22'],
    [[tcp(443), tcp(80)], '80, 443'],
    [[tcp(80), tcp(80, 90)], '80-90'],
    [[tcp(0, 65535)], 'all tcp'],
    [[portsOf('17', 53, 53), tcp(22)], '22, udp 53'],
    [[portsOf('-1', null, null), tcp(22)], 'all'],
    [[portsOf('icmp', 8, 0)], 'icmp'],
    [[1, 2, 3, 4, 5].map((port) => tcp(port)), '1, 2 +3'],
  ])('%j are told as %s', (ports, words) => {
    expect(inWords(ports)).toBe(words)
  })

  test('of two sides only those that both allow are open', () => {
    expect(both([tcp(20, 30)], [tcp(25, 40), tcp(22)])).toEqual([tcp(25, 30), tcp(22)])
    expect(both([portsOf('-1', 0, 0)], [tcp(22), portsOf('udp', 53, 53)])).toEqual([tcp(22), portsOf('udp', 53, 53)])
    expect(both([portsOf('udp', 22, 22)], [tcp(22)])).toEqual([])
  })
})
