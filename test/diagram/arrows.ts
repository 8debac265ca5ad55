/** A drawing's arrows in words, for tests of what they mean. */
import { environmentOf } from '../../diagram/environment.ts'
import type { Environment } from '../../diagram/model.ts'
import { readPlan } from '../../diagram/plan.ts'

export const environmentIn = (...plans: readonly string[]): Environment => environmentOf(plans.map((json, place) => readPlan(json, place)))

/** Such as `bastion -> worker 22`, sorted. */
export function arrowsIn({ networks, services, calls }: Environment): readonly string[] {
  const named = new Map(services.map(({ id, name }) => [id, name]))
  for (const { places, outsiders } of networks) {
    for (const { id, name } of places) named.set(id, name)
    for (const { id, cidrs } of outsiders) named.set(id, cidrs.join(' '))
  }
  const name = (id: string): string => named.get(id) ?? id
  return [
    ...networks.flatMap(({ flows }) =>
      flows.map(({ from, to, ports, kind }) => `${name(from)} -> ${name(to)} ${kind === 'route' ? 'route' : ports}`),
    ),
    ...calls.map(({ from, to }) => `${name(from)} -> ${name(to)}`),
  ].toSorted()
}
