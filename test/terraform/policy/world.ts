/** An account with its roles and its things, and which policies concern a request to it. */
import { type Applying, type Decision, decide, type Endpoint, type Request } from './decide.ts'
import type { Policy } from './document.ts'
import type { Tags } from './principal.ts'

/** What stands behind a role or user: its policies, and the tags that its sessions carry. */
export interface Identity {
  readonly policies: readonly Policy[]
  readonly tags: Tags
}

/** Something that requests are about, and the policy it carries; a role carries its trust. */
export interface Thing {
  /** Kind and short name, such as `bucket input`. */
  readonly name: string
  readonly policy: Policy | undefined
}

export interface World {
  readonly account: string
  /** By ARN of the role or user. */
  readonly identities: ReadonlyMap<string, Identity>
  /** By ARN. */
  readonly things: ReadonlyMap<string, Thing>
  /** What log groups let services do: one policy an account. */
  readonly logs: Policy | undefined
  /** By service, such as s3. */
  readonly endpoints: ReadonlyMap<string, Endpoint>
}

const carryPolicies = ['s3', 'kms', 'sqs', 'sns', 'lambda']

/** The policies of asker and asked. A role or a thing that the world does not know throws. */
export function applying({ identities, things, logs, account }: World, request: Request): Applying {
  const { principal, action, resource } = request
  const arn = principal.kind === 'session' ? principal.role : principal.kind === 'user' ? principal.arn : undefined
  const identity = arn === undefined ? undefined : identities.get(arn)
  if (arn !== undefined && identity === undefined) throw new Error(`${arn}: there is no such role or user`)
  const service = resource.split(':')[2] ?? ''
  const thing = things.get((service === 's3' ? resource.split('/')[0] : resource) ?? '')
  const asked = carryPolicies.includes(service) || (service === 'iam' && action.startsWith('sts:'))
  if (asked && thing === undefined && request.account === account) throw new Error(`${resource}: there is no such thing`)
  return { identity: identity?.policies ?? [], resource: service === 'logs' ? logs : asked ? thing?.policy : undefined }
}

/** Decides a request in a world. */
export const authorise = (world: World, request: Request): Decision => decide(request, applying(world, request))

/** The ARN of a thing by its name. */
export function arnOf({ things }: World, name: string): string {
  for (const [arn, thing] of things) if (thing.name === name) return arn
  throw new Error(`there is no ${name}; there are ${[...things.values()].map((thing) => thing.name).join(', ')}`)
}
