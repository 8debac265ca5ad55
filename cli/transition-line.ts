import type { Transition } from '../fleet/watch.ts'

/** A transition as one plain line for pipes and logs. */
export function transitionLine(transition: Transition): string {
  const time = transition.at.slice(11, 19)
  if (transition.type === 'worker') return `${time} worker ${transition.id} ${transition.state}`
  const failure = transition.class === null ? '' : ` (${transition.class})`
  return `${time} sample ${transition.id.slice(0, 8)} ${transition.state}${failure}`
}
