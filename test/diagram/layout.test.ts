import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { environmentOf } from '../../diagram/environment.ts'
import { pictureOf } from '../../diagram/picture.ts'
import { readPlan } from '../../diagram/plan.ts'
import { svgOf } from '../../diagram/svg.ts'
import { wrongIn } from './geometry.ts'
import { skep } from './plans.ts'
import { stranger } from './strangers.ts'

const sceneOf = (json: string) => pictureOf(environmentOf([readPlan(json)]))

describe('nothing overlaps, and no line goes through words or hosts', () => {
  test('in our own environment', () => {
    expect(wrongIn(sceneOf(skep()))).toEqual([])
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
