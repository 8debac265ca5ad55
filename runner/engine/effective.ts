import type { ActionOptions, As, Become, Host, Inherited } from '../contract.ts'
import type { Playbook } from '../playbook.ts'
import type { Secret } from '../secret.ts'

/** A step's options with all that it inherited. */
export type Effective = ActionOptions & { readonly when: boolean; readonly tags: readonly string[] }

export const plain: Effective = { when: true, tags: [] }

/** What a step has of its own, over what is around it. */
export function inherit(outer: Effective, own: ActionOptions & Inherited): Effective {
  const { become: near, environment, tags = [], when = true, ...rest } = own
  const become = nearer(outer.become, near)
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return {
    ...outer,
    ...given,
    when: outer.when && when,
    tags: [...new Set([...outer.tags, ...tags])],
    ...(become === undefined ? {} : { become }),
    ...(environment === undefined ? {} : { environment: { ...outer.environment, ...environment } }),
  }
}

/** What a play gives to its steps. */
export function playOptions(playbook: Playbook, around: Effective): Effective {
  const { tags, ignoreErrors, ignoreUnreachable, anyErrorsFatal, throttle, become, environment, noLog } = playbook
  const own = { tags, ignoreErrors, ignoreUnreachable, anyErrorsFatal, throttle, become, environment, noLog }
  return inherit(around, Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)))
}

/** `true` takes over the details of what is around it; details add to them; `false` ends it. */
export function nearer(outer: Become | undefined, inner: Become | undefined): Become | undefined {
  if (inner === undefined) return outer
  const details = typeof outer === 'object' ? outer : {}
  if (inner === true) return typeof outer === 'object' ? outer : true
  return inner === false ? false : { ...details, ...inner }
}

/** Whom to become for a step; undefined: nobody else. */
export function asWhom(become: Become | undefined, password: Secret | undefined, details: Host['becomeAs']): As | undefined {
  if (become === undefined || become === false) return undefined
  const { user = 'root', method = 'sudo', password: own = password } = { ...details, ...(become === true ? {} : become) }
  return { user, method, ...(own === undefined ? {} : { password: own }) }
}

/** Two of the same key may share a shell. */
export const asKey = (as: As | undefined): string => (as === undefined ? '' : `${as.method} ${as.user}`)
