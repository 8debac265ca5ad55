/**
 * What Terraform tells of an environment: ids by name, no secret. Terraform writes it in `terraform/environment/document.tf`,
 * and a test holds the two to each other. A program older than its Terraform passes over keys that it does not know; where a
 * key's meaning changes, `schema` does.
 */
import * as z from 'zod'

const id = (word: string) =>
  z.string().regex(new RegExp(`^${word}-[0-9a-f]{8}([0-9a-f]{9})?$`), `expected an id such as ${word}-0123456789abcdef0`)
const name = (longest: number) => z.string().min(1).max(longest)
const arn = (service: string) =>
  z
    .string()
    .max(2048)
    .regex(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:[0-9]{12}:.+$`), `expected an ARN of ${service}`)
const address = z.ipv4()
const queue = z.url({ protocol: /^https?$/ }).max(256)

/** Things by name: those that are listed have to be there, others may be. */
const named = <const N extends string, V extends z.ZodType>(names: readonly N[], value: V) =>
  z.object(Object.fromEntries(names.map((one) => [one, value])) as Record<N, V>).catchall(value)

export const environmentSchema = z.looseObject({
  schema: z.literal(1),
  pit: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{1,16}[A-Za-z0-9]$/),
  partition: z.string().regex(/^aws[a-z-]*$/),
  account: z.string().regex(/^[0-9]{12}$/),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-[1-9]$/),
  tenancy: z.enum(['dedicated', 'default']),
  network: z.looseObject({
    vpc: id('vpc'),
    cidr: z.cidrv4(),
    availability_zone: name(32),
    /** What the private subnet looks like from outside. */
    nat_address: address,
    subnets: named(['public', 'private', 'isolated'], id('subnet')),
    security_groups: named(['bastion', 'key_host', 'workers', 'workstations', 'builders', 'endpoints'], id('sg')),
    endpoints: named(['s3', 'dynamodb', 'kms', 'sqs', 'sts', 'ssm', 'ssmmessages', 'ec2messages', 'ec2', 'logs', 'sns'], id('vpce')),
  }),
  bastion: z.looseObject({ instance: id('i'), public_address: address, private_address: address }),
  key_host: z.looseObject({ instance: id('i'), private_address: address }),
  worker: z.looseObject({
    template: id('lt'),
    template_name: name(128),
    template_version: z.int().min(1),
    instance_type: name(32),
  }),
  /** The allow-list: what runs another image is none of ours. */
  images: named(['bastion', 'key_host', 'worker'], id('ami')),
  buckets: named(['state', 'input', 'output', 'ancillary', 'audit', 'access_logs', 'config'], name(63)),
  keys: named(['data', 'ops', 'ticket'], arn('kms')),
  roles: named(
    [
      ...['worker', 'bastion', 'key_host', 'intake', 'uploader', 'recipient', 'sweeper', 'reaper', 'image_builder'],
      ...['patch_service', 'workstation', 'break_glass', 'auditor', 'flow_log', 'trail_log'],
    ] as const,
    arn('iam'),
  ),
  tables: named(['ledger'], name(255)),
  /** URLs. */
  queues: named(['doorbell', 'doorbell_dead', 'intake_dead'], queue),
  topics: named(['notices', 'alarms', 'trail'], arn('sns')),
  functions: named(['intake'], name(64)),
})
export type Environment = z.infer<typeof environmentSchema>

/** Why there is no environment, and what to do about it. `message` says both. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
  readonly says: string
  readonly mend: string
  constructor(says: string, mend: string, options?: ErrorOptions) {
    super(`${says}: ${mend}`, options)
    this.says = says
    this.mend = mend
  }
}
