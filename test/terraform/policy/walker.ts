/** What is wrong with a statement by itself, whoever asks for what. */

type Texts = string | readonly string[]

export interface Statement {
  readonly Sid: string
  readonly Effect: string
  readonly Principal?: string | Readonly<Record<string, Texts>>
  readonly Action: Texts
  readonly Resource?: Texts
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Texts>>>>
}

const list = (texts: Texts | undefined): readonly string[] => (texts === undefined ? [] : [texts].flat())

/** Whom a statement is about; `*` by itself is everybody as AWS counts principals. */
const named = (principal: Statement['Principal']): { readonly AWS?: Texts | undefined; readonly Service?: Texts | undefined } =>
  typeof principal === 'object' ? { AWS: principal['AWS'], Service: principal['Service'] } : { AWS: principal }

/** What AWS lets nobody ask of one resource only. */
const unrestrictable = new Set([
  'cloudtrail:DescribeTrails',
  'cloudtrail:LookupEvents',
  'logs:DescribeLogGroups',
  'ssm:DescribeInstanceInformation',
  'ssm:GetCommandInvocation',
  'ssm:GetDeployablePatchSnapshotForInstance',
  'ssm:GetManifest',
  'ssm:ListAssociations',
  'ssm:ListCommandInvocations',
  'ssm:ListCommands',
  'ssm:PutInventory',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
])
const unrestrictableKinds = /^(ec2:Describe\w+|ec2messages:\w+|ssmmessages:\w+)$/
/** A describing call of EC2 that does speak of one instance. */
const restrictableAfterAll = new Set(['ec2:DescribeInstanceAttribute'])

const needsAll = (action: string): boolean =>
  unrestrictable.has(action) || (unrestrictableKinds.test(action) && !restrictableAfterAll.has(action))

/** Of an identity policy. */
export function identityFaults({ Sid, Effect, Action, Resource, Condition }: Statement): readonly string[] {
  if (Effect !== 'Allow') return []
  const actions = list(Action)
  return [
    ...actions.filter((action) => action.includes('*')).map((action) => `${Sid}: allows ${action}, not one action`),
    ...(list(Resource).includes('*')
      ? actions.filter((action) => !needsAll(action)).map((action) => `${Sid}: allows ${action} on everything`)
      : []),
    ...(actions.some((action) => /^kms:(Decrypt|Encrypt|GenerateDataKey|ReEncrypt|CreateGrant)/.test(action)) &&
    list(Condition?.['StringEquals']?.['kms:ViaService']).length === 0
      ? [`${Sid}: uses a key directly, not through a service`]
      : []),
    ...(actions.includes('iam:PassRole') && list(Condition?.['StringEquals']?.['iam:PassedToService']).length !== 1
      ? [`${Sid}: passes a role to any service`]
      : []),
  ]
}

/** Of the trust of a role. */
export function trustFaults({ Sid, Effect, Principal, Action, Condition }: Statement, account: string): readonly string[] {
  const { AWS, Service } = named(Principal)
  const people = list(AWS)
  const said = ['StringEquals', 'StringEqualsIfExists'].flatMap((operator) => list(Condition?.[operator]?.['aws:SourceAccount']))
  const only = list(Condition?.['ArnEquals']?.['aws:PrincipalArn'])
  return [
    ...(Effect === 'Allow' && list(Action).join() === 'sts:AssumeRole'
      ? []
      : [`${Sid}: expected to allow sts:AssumeRole and nothing else`]),
    ...people.filter((one) => !/^arn:aws[a-z-]*:iam::\d{12}:(root$|role\/|user\/)/.test(one)).map((one) => `${Sid}: trusts ${one}`),
    ...people.filter((one) => one.endsWith(':root') && only.length === 0).map((one) => `${Sid}: trusts all of ${one}`),
    ...(Service !== undefined && list(Service).length !== 1 ? [`${Sid}: trusts ${list(Service).length} services`] : []),
    ...(Service !== undefined && said.join() !== account ? [`${Sid}: trusts a service on behalf of any account`] : []),
    ...(Service === undefined && people.length === 0 ? [`${Sid}: trusts nobody that can be named`] : []),
  ]
}

const uses = /^kms:(\*|Decrypt|Encrypt|ReEncrypt|GenerateDataKey|GenerateMac|GenerateRandom|Sign|Verify|CreateGrant|DeriveSharedSecret)/
const keeps = /^kms:(\*|Put|Schedule|Disable|Enable|Create(?!Grant)|Delete|Update|Tag|Untag|Revoke|Cancel|Rotate)/

/** Of the policy of a key. */
export function keyFaults({ Sid, Effect, Principal, Action, Condition }: Statement): readonly string[] {
  if (Effect !== 'Allow') return []
  const { AWS, Service } = named(Principal)
  const actions = list(Action)
  const conditions = Object.values(Condition ?? {}).flatMap((keys) => Object.keys(keys))
  const limited = conditions.some((key) => /^(aws:PrincipalArn|aws:Source(Account|Arn)|kms:EncryptionContext:)/.test(key))
  return [
    ...list(AWS)
      .filter((one) => !one.endsWith(':root'))
      .map((one) => `${Sid}: allows ${one} by name, or everybody`),
    ...(list(AWS).length + list(Service).length === 0 ? [`${Sid}: allows nobody that can be named`] : []),
    ...(limited ? [] : [`${Sid}: says neither which role nor for which account or thing`]),
    ...(actions.some((action) => uses.test(action)) && actions.some((action) => keeps.test(action))
      ? [`${Sid}: keeps the key and uses it`]
      : []),
    ...(list(Service).length === 0
      ? actions.filter((action) => action.includes('*')).map((action) => `${Sid}: allows ${action}, not one action`)
      : []),
  ]
}

/** The length of the longest of these documents, white space left out as AWS does. */
export const largest = (documents: readonly (readonly [address: string, document: string, ...unknown[]])[]): number =>
  Math.max(...documents.map(([, document]) => JSON.stringify(JSON.parse(document)).length))
