import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { environmentOf } from '../../diagram/environment.ts'
import { joined } from '../../diagram/joints.ts'
import { pictureOf } from '../../diagram/picture.ts'
import { readPlan } from '../../diagram/plan.ts'
import { svgOf } from '../../diagram/svg.ts'
import { wrongIn } from './geometry.ts'
import { made, skep, state } from './plans.ts'
import { stranger } from './strangers.ts'

const sceneOf = (json: string) => pictureOf(environmentOf([readPlan(json)]))

describe('nothing overlaps, and no line goes through words or hosts', () => {
  test('in our own environment', () => {
    expect(wrongIn(sceneOf(skep()))).toEqual([])
  })

  test('when more networks may come in than there is room for', () => {
    const doors = Array.from({ length: 12 }, (_, place) =>
      made(`aws_vpc_security_group_ingress_rule.more[${place}]`, {
        security_group_id: 'sg-bastion',
        cidr_ipv4: `198.51.100.${place}/32`,
        ip_protocol: 'tcp',
        from_port: place < 3 ? 22 : 2000 + place,
        to_port: place < 3 ? 22 : 2000 + place,
      }),
    )
    const scene = sceneOf(skep({ more: doors }))
    expect(wrongIn(scene)).toEqual([])
    expect(scene.shapes.filter((shape) => shape.kind === 'box' && shape.look === 'outside').length).toBeLessThan(5)
  })

  test('in a crowd where everybody may speak to everybody; what there is no room for is counted', () => {
    const crowd = Array.from({ length: 60 }, (_, place) => [
      made(`aws_subnet.s[${place}]`, {
        id: `subnet-${place}`,
        vpc_id: 'vpc',
        cidr_block: `10.0.${place}.0/24`,
        availability_zone: `eu-north-1${'abc'[place % 3]}`,
      }),
      made(`aws_security_group.g[${place}]`, {
        id: `sg-${place}`,
        vpc_id: 'vpc',
        name: `g${place}`,
        egress: [{ protocol: '-1', cidr_blocks: ['10.0.0.0/16'] }],
        ingress: [{ protocol: 'tcp', from_port: 1000 + place, to_port: 1000 + place, cidr_blocks: ['10.0.0.0/16'] }],
      }),
      made(`aws_instance.i${place}`, { subnet_id: `subnet-${place}`, vpc_security_group_ids: [`sg-${place}`] }),
    ])
    const scene = sceneOf(state(made('aws_vpc.v', { id: 'vpc', cidr_block: '10.0.0.0/16' }), ...crowd.flat()))
    expect(wrongIn(scene)).toEqual([])
    const words = scene.shapes.flatMap((shape) => (shape.kind === 'text' ? shape.text : []))
    expect(words.filter((text) => text.endsWith('connections are allowed than there is room to draw.'))).toHaveLength(1)
  })

  test('in the networks of strangers, which always give the same bytes', () => {
    fc.assert(
      fc.property(stranger, (json) => {
        const scene = sceneOf(json)
        expect(wrongIn(scene)).toEqual([])
        expect(svgOf(sceneOf(json))).toBe(svgOf(scene))
      }),
      { numRuns: 120, seed: 4 },
    )
  })
})

describe('lines of one wire', () => {
  const trunk = [
    { x: 0, y: 0 },
    { x: 0, y: 10 },
    { x: 50, y: 10 },
    { x: 50, y: 20 },
  ]

  test('end where they meet one before them', () => {
    const along = [
      { x: 20, y: 0 },
      { x: 20, y: 10 },
      { x: 50, y: 10 },
      { x: 50, y: 20 },
    ]
    const across = [
      { x: 90, y: 15 },
      { x: 10, y: 15 },
    ]
    expect(joined([trunk, along, across])).toEqual([
      { points: trunk, end: 'head' },
      {
        points: [
          { x: 20, y: 0 },
          { x: 20, y: 10 },
        ],
        end: 'join',
      },
      {
        points: [
          { x: 90, y: 15 },
          { x: 50, y: 15 },
        ],
        end: 'join',
      },
    ])
  })

  test('go on where they meet none', () => {
    const apart = [
      { x: 90, y: 0 },
      { x: 90, y: 30 },
    ]
    expect(joined([trunk, apart])).toEqual([
      { points: trunk, end: 'head' },
      { points: apart, end: 'head' },
    ])
  })
})
