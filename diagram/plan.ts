/** What `terraform show -json` prints, as far as a drawing needs it. Whatever is not named here is never kept. */
import { z } from 'zod'

const text = z.string().nullable().optional().catch(undefined)
const flag = z.boolean().nullable().optional().catch(undefined)
const number = z.number().nullable().optional().catch(undefined)
const texts = z.array(z.string()).nullable().optional().catch(undefined)
const labels = z.record(z.string(), z.string()).nullable().optional().catch(undefined)
const blocks = <Shape extends z.ZodRawShape>(shape: Shape) => z.array(z.object(shape)).nullable().optional().catch(undefined)

const routeTarget = {
  gateway_id: text,
  nat_gateway_id: text,
  egress_only_gateway_id: text,
  transit_gateway_id: text,
  vpc_peering_connection_id: text,
  vpc_endpoint_id: text,
  network_interface_id: text,
}
const inlineRule = {
  protocol: text,
  from_port: number,
  to_port: number,
  cidr_blocks: texts,
  ipv6_cidr_blocks: texts,
  prefix_list_ids: texts,
  security_groups: texts,
  self: flag,
}

/** Attributes by name, whatever type of resource has them; an attribute of another form than this is as good as unknown. */
const attributes = z.object({
  id: text,
  arn: text,
  name: text,
  description: text,
  tags: labels,
  tags_all: labels,
  // networks
  vpc_id: text,
  cidr_block: text,
  ipv6_cidr_block: text,
  assign_generated_ipv6_cidr_block: flag,
  instance_tenancy: text,
  default_route_table_id: text,
  main_route_table_id: text,
  default_security_group_id: text,
  availability_zone: text,
  map_public_ip_on_launch: flag,
  route_table_id: text,
  destination_cidr_block: text,
  destination_ipv6_cidr_block: text,
  destination_prefix_list_id: text,
  ...routeTarget,
  route: blocks({ cidr_block: text, ipv6_cidr_block: text, destination_prefix_list_id: text, ...routeTarget }),
  connectivity_type: text,
  allocation_id: text,
  // endpoints
  service_name: text,
  vpc_endpoint_type: text,
  subnet_ids: texts,
  route_table_ids: texts,
  prefix_list_id: text,
  // security groups and their rules
  security_group_id: text,
  referenced_security_group_id: text,
  source_security_group_id: text,
  type: text,
  protocol: text,
  ip_protocol: text,
  from_port: number,
  to_port: number,
  cidr_ipv4: text,
  cidr_ipv6: text,
  cidr_blocks: texts,
  ipv6_cidr_blocks: texts,
  prefix_list_ids: texts,
  self: flag,
  entry: blocks({ cidr: text }),
  ingress: blocks(inlineRule),
  egress: blocks(inlineRule),
  // hosts
  subnet_id: text,
  instance_type: text,
  instance_class: text,
  private_ip: text,
  tenancy: text,
  instance: text,
  instance_id: text,
  associate_public_ip_address: flag,
  vpc_security_group_ids: texts,
  security_group_ids: texts,
  security_groups: texts,
  placement: blocks({ tenancy: text }),
  network_interfaces: blocks({ subnet_id: text, security_groups: texts, associate_public_ip_address: text }),
  vpc_zone_identifier: texts,
  launch_template: blocks({ id: text, name: text }),
  min_size: number,
  max_size: number,
  internal: flag,
  load_balancer_type: text,
  subnets: texts,
  subnet_mapping: blocks({ subnet_id: text }),
  engine: text,
  identifier: text,
  cluster_identifier: text,
  publicly_accessible: flag,
  db_subnet_group_name: text,
  vpc_config: blocks({ subnet_ids: texts, security_group_ids: texts }),
  network_configuration: blocks({ subnets: texts, security_groups: texts, assign_public_ip: flag }),
  // services
  bucket: text,
  function_name: text,
  url: text,
  role: text,
  policy_arn: text,
  policy: text,
  key_id: text,
  key_usage: text,
  target_key_id: text,
  topic_arn: text,
  topic: blocks({ topic_arn: text }),
  queue: blocks({ queue_arn: text }),
  lambda_function: blocks({ lambda_function_arn: text }),
  event_source_arn: text,
  source_arn: text,
  redrive_policy: text,
  account_id: text,
})

export type Values = z.infer<typeof attributes>

const resource = z.object({
  address: z.string(),
  mode: z.enum(['managed', 'data']),
  type: z.string(),
  name: z.string(),
  index: z.union([z.string(), z.number()]).optional(),
  values: z.record(z.string(), z.unknown()).nullable().optional(),
  sensitive_values: z.unknown().optional(),
})
const module = z.object({
  address: z.string().default(''),
  resources: z.array(resource).default([]),
  child_modules: z.array(z.unknown()).default([]),
})
const values = z.object({ root_module: z.unknown().optional() })

const document = z.object({
  format_version: z.string(),
  values: values.optional(),
  planned_values: values.optional(),
  prior_state: z.object({ values: values.optional() }).nullable().optional(),
  configuration: z.object({ root_module: z.unknown().optional() }).optional(),
})

export interface Resource {
  /** One of its own, in several plans too. */
  readonly key: string
  /** The address of its module, '' for the root. */
  readonly module: string
  readonly data: boolean
  readonly type: string
  readonly name: string
  readonly index: string | number | undefined
  readonly values: Values
}

export interface Plan {
  readonly kind: 'plan' | 'state'
  readonly resources: readonly Resource[]
  /** A plan's root module as it is written, from which follows what is known only after the apply. */
  readonly configuration: unknown
}

/** Reads what `terraform show -json` printed; `place` is its place among several. Whatever else comes is told in one line. */
export function readPlan(json: string, place = 0): Plan {
  const parsed = document.safeParse(jsonOf(json))
  if (!parsed.success) throw new Error(notThis('JSON of another kind'))
  const { format_version, planned_values, values, prior_state, configuration } = parsed.data
  const version = /^(\d+)\.\d+$/.exec(format_version)?.[1]
  if (version === undefined) throw new Error(notThis('JSON of another kind'))
  if (Number(version) > 1) throw new Error(`format ${format_version} is newer than 1, the one that is read here; use a newer skep`)
  const found = [
    ...resourcesIn((planned_values ?? values)?.root_module, place),
    ...resourcesIn(planned_values === undefined ? undefined : prior_state?.values?.root_module, place).filter(({ data }) => data),
  ]
  if (found.length === 0) throw new Error('there is nothing to draw: no resource is in it. Apply first, or draw a plan')
  return { kind: planned_values === undefined ? 'state' : 'plan', resources: found, configuration: configuration?.root_module }
}

function jsonOf(json: string): unknown {
  const start = json.trimStart()
  if (start === '') throw new Error(notThis('nothing'))
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch (cause) {
    throw new Error(notThis(kindOf(start)), { cause })
  }
  if (typeof parsed === 'object' && parsed !== null && 'lineage' in parsed && 'serial' in parsed)
    throw new Error(notThis('a state file as Terraform keeps it', '> state.json'))
  return parsed
}

function kindOf(start: string): string {
  if (start.startsWith('PK\u0003\u0004')) return 'a binary plan file'
  if (/^(?:#|\/\/|\/\*|(?:terraform|provider|resource|data|module|variable|output|locals)\b[^\n]*\{)/m.test(start.slice(0, 4000)))
    return 'HCL, a configuration'
  return start.startsWith('{') ? 'JSON that is cut off or broken' : 'no JSON'
}

const notThis = (got: string, made = 'PLAN > plan.json'): string =>
  `expected what terraform show -json prints, got ${got}; make it with: terraform show -json ${made}`

/** Every resource of a module and of those inside it. A loop, for nobody says how deep strangers nest. */
function resourcesIn(root: unknown, place: number): readonly Resource[] {
  const found: Resource[] = []
  const waiting: unknown[] = root === undefined ? [] : [root]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const parsed = module.safeParse(next)
    if (!parsed.success) throw new Error(notThis('JSON of another kind'))
    waiting.push(...parsed.data.child_modules)
    for (const { address, mode, type, name, index, values, sensitive_values } of parsed.data.resources) {
      const open = attributes.parse(withoutSensitive(values ?? {}, sensitive_values) ?? {})
      found.push({ key: `${place} ${address}`, module: parsed.data.address, data: mode === 'data', type, name, index, values: open })
    }
  }
  return found
}

/** The value without what is marked; undefined when it is marked itself. */
function withoutSensitive(value: unknown, marks: unknown): unknown {
  if (marks === true) return undefined
  if (typeof marks !== 'object' || marks === null) return value
  const markOf = (key: string | number): unknown => Reflect.get(marks, key)
  if (Array.isArray(value)) return value.map((part, index) => withoutSensitive(part, markOf(index)))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutSensitive(part, markOf(key))]))
}
