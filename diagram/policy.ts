/** What a function's role lets it write to. Policies are read for this alone; nothing of them is drawn. */
import { z } from 'zod'
import type { Links } from './links.ts'
import type { Resource } from './plan.ts'

const some = z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([])
const statement = z.object({ Effect: z.string(), Action: some.default([]), Resource: some.default([]) })
const policy = z.object({ Statement: z.union([statement.transform((one) => [one]), z.array(statement)]) })

const services: Readonly<Record<string, string>> = { aws_dynamodb_table: 'dynamodb', aws_sqs_queue: 'sqs', aws_sns_topic: 'sns' }
const writing = /^(?:\*|Put|Send|Publish|Update|Delete|Write|Batch)/i

/** Tables, queues and topics that the policies of a function's role name with an action that writes. Denials are not looked at. */
export function writesTo(functionResource: Resource, resources: readonly Resource[], links: Links): readonly Resource[] {
  const role = roleOf(functionResource, 'role', functionResource.values.role, resources, links)
  if (role === undefined) return []
  const allowed = documentsOf(role, resources, links).flatMap(statementsOf)
  return resources.filter(({ type, data, values }) => {
    const service = data ? undefined : services[type]
    return service !== undefined && allowed.some((one) => allows(one, service, values.arn ?? '', values.name ?? ''))
  })
}

function roleOf(from: Resource, path: string, known: string | null | undefined, resources: readonly Resource[], links: Links) {
  const named = /^arn:[^:]*:iam::\d*:role\/(?:.*\/)?([^/]+)$/.exec(known ?? '')?.[1] ?? known
  return (
    resources.find(({ type, values }) => type === 'aws_iam_role' && values.name != null && values.name === named) ??
    links.one(from, known, path, ['aws_iam_role'])
  )
}

function documentsOf(role: Resource, resources: readonly Resource[], links: Links): readonly string[] {
  return resources.flatMap((one) => {
    if (one.type !== 'aws_iam_role_policy' && one.type !== 'aws_iam_role_policy_attachment') return []
    if (roleOf(one, 'role', one.values.role, resources, links) !== role) return []
    if (one.type === 'aws_iam_role_policy') return one.values.policy ?? []
    const arn = one.values.policy_arn
    const name = arn?.split('/').at(-1)
    const attached =
      links.one(one, arn, 'policy_arn', ['aws_iam_policy']) ??
      resources.find(({ type, values }) => type === 'aws_iam_policy' && name !== undefined && values.name === name)
    return attached?.values.policy ?? []
  })
}

function statementsOf(text: string) {
  const parsed = policy.safeParse(jsonOf(text))
  return parsed.success ? parsed.data.Statement.filter(({ Effect }) => Effect === 'Allow') : []
}

function allows({ Action, Resource }: z.infer<typeof statement>, service: string, arn: string, name: string): boolean {
  const acts = Action.some((action) => {
    const [prefix = '', verb = '*'] = action.split(':')
    return prefix === '*' || (prefix.toLowerCase() === service && writing.test(verb))
  })
  // Of what is not made yet the ARN is unknown, but it will end with the name.
  return acts && Resource.some((one) => one === '*' || one === arn || (arn === '' && name !== '' && endsWith(one, name)))
}

const endsWith = (arn: string, name: string): boolean => arn.endsWith(`:${name}`) || arn.endsWith(`/${name}`)

/** The name of the queue that a queue gives up to. */
export function deadLettersOf(redrive: string | null | undefined): string | undefined {
  const parsed = z.object({ deadLetterTargetArn: z.string() }).safeParse(jsonOf(redrive ?? ''))
  return parsed.success ? parsed.data.deadLetterTargetArn.split(':').at(-1) : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
