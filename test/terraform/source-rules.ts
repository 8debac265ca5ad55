/** What the sources of terraform/ may not say. A rule looks at one file and says, a line each, where it is broken. */
import { argumentsIn, type Block, blocksIn, masked } from '../../scripts/terraform/hcl.ts'
import { booleans, goneArguments, goneProviderArguments, goneReferences, goneTypes } from './provider-6.ts'

export interface File {
  /** Below terraform/. */
  readonly path: string
  readonly text: string
}
export type Rule = (file: File) => readonly string[]

interface Found extends Block {
  readonly kind: string
}

/** Resources and data sources of a file: type, name, kind. */
const resources = (text: string): readonly Found[] =>
  blocksIn(text).flatMap((block) => (block.type === 'resource' || block.type === 'data' ? [{ ...block, kind: block.labels[0] ?? '' }] : []))

const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length

/** Where a pattern stands in a file's code, its strings included, its comments not. */
function said(pattern: RegExp, { path, text }: File, wrong: string, without: RegExp = /(?!)/): readonly string[] {
  const code = masked(text, 'code and strings').replace(without, (skipped) => skipped.replace(/[^\n]/g, ' '))
  return [...code.matchAll(new RegExp(pattern, 'g'))].map(({ index, 0: found }) => `${path}:${lineAt(text, index)}: ${wrong}: ${found}`)
}

/** Every block at any depth. */
const allIn = (text: string): readonly Block[] => blocksIn(text).flatMap((block) => [block, ...allIn(block.body)])

/** Names of arguments and blocks at any depth, those that a `dynamic` makes included. */
const namesIn = (body: string): readonly string[] => [
  ...Object.keys(argumentsIn(body)),
  ...allIn(body).flatMap((block) => [block.type, ...block.labels, ...Object.keys(argumentsIn(block.body))]),
]

/** What changed behind Terraform's back is told. */
export const nothingIsIgnored: Rule = (file) => said(/\bignore_changes\b/, file, 'nothing is ignored')

/** Policies are documents that a mock run can read. */
export const policiesAreDocuments: Rule = ({ path, text }) =>
  resources(text)
    .filter(({ kind }) => kind === 'aws_iam_policy_document')
    .map(({ line }) => `${path}:${line}: a policy is a jsonencode local, not a data source`)

/** Policies are managed ones, with a name of their own. */
export const policiesAreManaged: Rule = ({ path, text }) =>
  resources(text)
    .filter(({ kind, body }) => /^aws_iam_(role|user|group)_policy$/.test(kind) || namesIn(body).includes('inline_policy'))
    .map(({ line }) => `${path}:${line}: a policy is managed, not inline`)

/** People and programs come by roles. */
export const nobodyIsAUser: Rule = ({ path, text }) =>
  resources(text)
    .filter(
      ({ type, kind }) =>
        type === 'resource' && /^aws_iam_(user|access_key|group|service_specific_credential|signing_certificate)/.test(kind),
    )
    .map(({ line, kind }) => `${path}:${line}: there are roles only, no ${kind}`)

/** T types can not be dedicated, and share their processors. */
export const noSharedTypes: Rule = (file) => said(/"t\d[a-z]*\.[a-z0-9]+"/, file, 'no T types')

/** What an example in a sentence may say. */
const sentences = /^\s*(description|error_message)\s*=.*$/gm
const services = /"[a-z0-9.${}_-]+\.amazonaws\.com\\?"/g

/** Partition, account and region are reckoned. The names of services as principals end alike in every partition. */
export const nothingIsTied: Rule = (file) => {
  const without = new RegExp(`${sentences.source}|${services.source}`, 'gm')
  return [
    ...said(/(?<![\w.])\d{12}(?![\w.])/, file, 'an account is reckoned, not written', without),
    ...said(/arn:aws[a-z-]*:/, file, 'an ARN begins with the partition that is reckoned', without),
    ...said(/[\w.${}-]*amazonaws\.com[\w.]*/, file, 'a DNS suffix is reckoned', without),
    ...said(/\bami-[0-9a-f]{8,}/, file, 'an image is told, not written', without),
  ]
}

/** Only hashicorp/aws, and a provider is configured by a root alone. */
export const oneProvider: Rule = ({ path, text }) => {
  const root = /^(foundation|environment)\//.test(path)
  return allIn(text).flatMap(({ type, labels, body, line }) => {
    const given = argumentsIn(body)
    if (type === 'provider') return root && labels[0] === 'aws' ? [] : [`${path}:${line}: a root configures the AWS provider, nobody else`]
    if (type === 'required_providers') {
      const wished = '{source="hashicorp/aws"version=">=5.100,<6"}'
      const is = Object.entries(given).map(([name, value]) => `${name}${value.replace(/\s+/g, '')}`)
      return is.join() === `aws${wished}` ? [] : [`${path}:${line}: expected hashicorp/aws ">= 5.100, < 6" and no other, got ${is.join()}`]
    }
    if (type === 'terraform' && !path.startsWith('tests/') && given['required_version'] !== '">= 1.11"')
      return 'backend' in given || /\bbackend\b/.test(masked(body)) ? [] : [`${path}:${line}: expected required_version = ">= 1.11"`]
    return []
  })
}

/** Every variable has a type, and whoever reads a README is told what each variable and output is. */
export const allIsDescribed: Rule = ({ path, text }) =>
  blocksIn(text).flatMap(({ type, labels, body, line }) => {
    if (type !== 'variable' && type !== 'output') return []
    const given = argumentsIn(body)
    const named = `${path}:${line}: ${type} ${labels[0]}`
    return [
      ...(/^"[^"$]*[^"$\s][^"$]*[.?]"$/.test(given['description'] ?? '')
        ? []
        : [`${named} has no description, or one that is no sentence`]),
      ...(type === 'variable' && given['type'] === undefined ? [`${named} has no type`] : []),
      ...(type === 'output' && given['description'] !== undefined && given['sensitive'] === 'true'
        ? [`${named} is a secret; there are none`]
        : []),
    ]
  })

export const longest = 150

/** A file is one screen or three. */
export const filesAreShort: Rule = ({ path, text }) => {
  const lines = text.trimEnd().split('\n').length
  return lines > longest ? [`${path}: expected at most ${longest} lines, got ${lines}`] : []
}

/** Nothing that version 6 of the provider no longer has. */
export const readyForSix: Rule = (file) => {
  const { path, text } = file
  const found = resources(text).flatMap(({ type, kind, body, line }) => {
    const names = namesIn(body)
    const gone = goneArguments.filter((one) => one.kind === type && one.type === kind).flatMap(({ named }) => named)
    const values = [argumentsIn(body), ...allIn(body).map((block) => argumentsIn(block.body))]
    const numbers = (booleans[kind] ?? []).filter((name) => values.some((given) => /^"?[01]"?$/.test(given[name] ?? '')))
    return [
      ...(goneTypes.some((pattern) => pattern.test(kind)) ? [`${path}:${line}: ${kind} is gone`] : []),
      ...gone.filter((name) => names.includes(name)).map((name) => `${path}:${line}: ${kind} no longer takes ${name}`),
      ...numbers.map((name) => `${path}:${line}: ${kind} takes true or false for ${name}, no number`),
    ]
  })
  const provider = blocksIn(text)
    .filter(({ type }) => type === 'provider')
    .flatMap(({ body, line }) =>
      goneProviderArguments
        .filter((name) => namesIn(body).includes(name))
        .map((name) => `${path}:${line}: the provider no longer takes ${name}`),
    )
  return [...found, ...provider, ...goneReferences.flatMap((pattern) => said(pattern, file, 'is gone or means another thing'))]
}

const forTests =
  /\b(moto\w*|localstack|localhost|127\.0\.0\.1|skip_(credentials|metadata|region|requesting)\w*|s3_use_path_style|(access|secret)_key|max_retries|shim)\b|\bendpoints\s*\{/i

/** Nothing stands there for a test's sake. */
export const nothingForTests: Rule = (file) => [
  ...said(forTests, file, 'nothing is shipped for a test, and no credentials'),
  ...blocksIn(file.text)
    .filter(({ type, labels }) => type === 'variable' && /test|mock|fake/.test(labels[0] ?? ''))
    .map(({ line, labels }) => `${file.path}:${line}: variable ${labels[0]} is for a test`),
]

/** An image comes by the id that is on the allow-list, and from Amazon or this account. */
export const imagesArePinned: Rule = ({ path, text }) =>
  resources(text)
    .filter(({ type, kind }) => type === 'data' && kind === 'aws_ami')
    .filter(({ body }) => {
      const filters = blocksIn(body).filter(({ type }) => type === 'filter')
      const byId = filters.some((filter) => argumentsIn(filter.body)['name'] === '"image-id"')
      return argumentsIn(body)['owners']?.replace(/\s/g, '') !== '["amazon","self"]' || !byId || namesIn(body).includes('most_recent')
    })
    .map(({ line }) => `${path}:${line}: an image is looked up by id, with owners amazon and self`)

const keepers = /^aws_(s3_bucket|kms_key|cloudtrail|cloudwatch_log_group|dynamodb_table|sqs_queue|s3_bucket_object_lock_configuration)$/

/** For a folder of the foundation: what holds data or a record can not be destroyed, or (a log group) is left where it is. */
export const keepsItsState: Rule = ({ path, text }) =>
  resources(text)
    .filter(({ type, kind }) => type === 'resource' && keepers.test(kind))
    .filter(({ body }) => {
      const lifecycle = blocksIn(body).find((block) => block.type === 'lifecycle')
      return argumentsIn(lifecycle?.body ?? '')['prevent_destroy'] !== 'true' && argumentsIn(body)['skip_destroy'] !== 'true'
    })
    .map(({ kind, labels, line }) => `${path}:${line}: ${kind}.${labels[1]} can be destroyed`)
