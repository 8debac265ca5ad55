/** Condition keys: what each holds. A key that is not here is not guessed at. */

export type KeyType = 'string' | 'arn' | 'bool' | 'numeric' | 'date' | 'ip'

export interface Key {
  readonly type: KeyType
  /** Whether a request may carry several values: such keys need ForAllValues or ForAnyValue. */
  readonly many: boolean
}

const one: Readonly<Record<KeyType, readonly string[]>> = {
  string: [
    'aws:PrincipalAccount',
    'aws:PrincipalServiceName',
    'aws:PrincipalType',
    'aws:RequestedRegion',
    'aws:ResourceAccount',
    'aws:SourceAccount',
    'aws:SourceVpc',
    'aws:SourceVpce',
    'aws:Ec2InstanceSourceVpc',
    'ec2:CreateAction',
    'ec2:InstanceType',
    'ec2:MetadataHttpTokens',
    'ec2:Owner',
    'ec2:Tenancy',
    'iam:PassedToService',
    'kms:CallerAccount',
    'kms:GrantConstraintType',
    'kms:KeySpec',
    'kms:KeyUsage',
    'kms:MessageType',
    'kms:SigningAlgorithm',
    'kms:ViaService',
    's3:delimiter',
    's3:if-none-match',
    's3:prefix',
    's3:x-amz-acl',
    's3:x-amz-server-side-encryption',
    'sns:Endpoint',
    'sns:Protocol',
    'ssm:Overwrite',
    'sts:RoleSessionName',
  ],
  arn: [
    'aws:PrincipalArn',
    'aws:SourceArn',
    'ec2:InstanceProfile',
    'ec2:LaunchTemplate',
    'ec2:SourceInstanceARN',
    'ec2:Subnet',
    'ec2:Vpc',
    's3:x-amz-server-side-encryption-aws-kms-key-id',
  ],
  bool: [
    'aws:MultiFactorAuthPresent',
    'aws:PrincipalIsAWSService',
    'aws:SecureTransport',
    'aws:ViaAWSService',
    'ec2:Encrypted',
    'ec2:IsLaunchTemplateResource',
    'kms:BypassPolicyLockoutSafetyCheck',
    'kms:GrantIsForAWSResource',
    's3:ObjectCreationOperation',
  ],
  numeric: ['aws:MultiFactorAuthAge', 'ec2:MetadataHttpPutResponseHopLimit', 's3:TlsVersion', 's3:max-keys'],
  date: ['aws:CurrentTime', 'aws:TokenIssueTime'],
  ip: ['aws:Ec2InstanceSourcePrivateIPv4', 'aws:SourceIp', 'aws:VpcSourceIp'],
}

const several: readonly string[] = [
  'aws:CalledVia',
  'aws:PrincipalServiceNamesList',
  'aws:TagKeys',
  'dynamodb:Attributes',
  'dynamodb:LeadingKeys',
  'kms:EncryptionContextKeys',
  'kms:GrantOperations',
]

/** Keys that go on with a name somebody chose. */
const named: readonly string[] = [
  'aws:PrincipalTag/',
  'aws:RequestTag/',
  'aws:ResourceTag/',
  'ec2:ResourceTag/',
  'ssm:resourceTag/',
  's3:ExistingObjectTag/',
  'kms:EncryptionContext:',
]

const table: ReadonlyMap<string, Key> = new Map([
  ...Object.entries(one).flatMap(([type, names]) =>
    names.map((name): [string, Key] => [name.toLowerCase(), { type: type as KeyType, many: false }]),
  ),
  ...several.map((name): [string, Key] => [name.toLowerCase(), { type: 'string', many: true }]),
])

/** All keys but those that go on with a name. */
export const keyNames: readonly string[] = [...Object.values(one).flat(), ...several]

/** What a condition key holds. Names are alike in any case, as IAM has it; an undeclared one throws. */
export function keyOf(name: string): Key {
  const key = table.get(name.toLowerCase())
  if (key !== undefined) return key
  if (named.some((prefix) => name.toLowerCase().startsWith(prefix.toLowerCase()) && name.length > prefix.length))
    // What a service writes into the context of its own use of a key is an ARN when it is called so.
    return { type: /^kms:EncryptionContext:.*arn$/i.test(name) ? 'arn' : 'string', many: false }
  throw new Error(
    `condition key ${name}: not declared in keys.ts; look up what it holds, and when a request carries it, before a policy hangs on it`,
  )
}
