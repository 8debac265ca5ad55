import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  allIsDescribed,
  type File,
  filesAreShort,
  imagesArePinned,
  keepsItsState,
  longest,
  nobodyIsAUser,
  noSharedTypes,
  nothingForTests,
  nothingIsIgnored,
  nothingIsTied,
  oneProvider,
  policiesAreDocuments,
  policiesAreManaged,
  type Rule,
  readyForSix,
} from './source-rules.ts'
import { sources } from './terraform.ts'
import { filesOf, partsOf } from './tree.ts'

const all: readonly File[] = filesOf()
  .filter((path) => path.endsWith('.tf'))
  .map((path) => ({ path, text: readFileSync(join(sources, path), 'utf8') }))
const shipped = all.filter(({ path }) => !path.startsWith('examples/'))
const foundation = new Set(partsOf('foundation').map(({ folder }) => folder))
const kept = all.filter(({ path }) => foundation.has(path.slice(0, path.lastIndexOf('/'))))
const modules = [...new Set(all.flatMap(({ path }) => /^(modules\/[^/]+)\//.exec(path)?.[1] ?? []))]

/** What may stand in spite of a rule, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  [`environment/variables.tf: expected at most ${longest} lines`]: 'it is one list of everything that an environment can be told',
}

interface Held {
  readonly rule: Rule
  readonly of: readonly File[]
  readonly breaks: readonly string[]
  readonly keeps: readonly string[]
}

const resource = (type: string, body = '', kind = 'resource'): string => `${kind} "${type}" "x" {\n${body}\n}\n`
const provider = (name: string, version: string): string =>
  `terraform {\n  required_version = ">= 1.11"\n  required_providers {\n    ${name} = {\n      source  = "hashicorp/${name}"\n      version = "${version}"\n    }\n  }\n}\n`

const rules: Readonly<Record<string, Held>> = {
  'no change is ignored': {
    rule: nothingIsIgnored,
    of: all,
    breaks: [resource('aws_vpc', 'lifecycle {\n  ignore_changes = [tags]\n}')],
    keeps: ['# ignore_changes\n'],
  },
  'policies are documents that a mock run can read': {
    rule: policiesAreDocuments,
    of: all,
    breaks: [resource('aws_iam_policy_document', '', 'data')],
    keeps: [resource('aws_iam_policy')],
  },
  'policies are managed (ctl:I1)': {
    rule: policiesAreManaged,
    of: all,
    breaks: [
      resource('aws_iam_role_policy'),
      resource('aws_iam_role', 'inline_policy {\n}'),
      resource('aws_iam_role', 'dynamic "inline_policy" {\n}'),
    ],
    keeps: [resource('aws_iam_role_policy_attachment'), resource('aws_iam_policy')],
  },
  'there are no users and no keys of theirs (ctl:I5)': {
    rule: nobodyIsAUser,
    of: all,
    breaks: [resource('aws_iam_user'), resource('aws_iam_access_key'), resource('aws_iam_user_login_profile'), resource('aws_iam_group')],
    keeps: [resource('aws_iam_role'), '# aws_iam_user\n'],
  },
  'no host shares its processors': {
    rule: noSharedTypes,
    of: all,
    breaks: [resource('aws_instance', 'instance_type = "t3.micro"'), 'variable "x" {\n  default = { a = "t4g.large" }\n}\n'],
    keeps: [resource('aws_instance', 'instance_type = "m6i.large"')],
  },
  'partition, account, region and image are never written': {
    rule: nothingIsTied,
    of: shipped,
    breaks: [
      'locals {\n  a = "arn:aws:s3:::x"\n}\n',
      'locals {\n  a = "arn:aws-us-gov:s3:::x"\n}\n',
      'locals {\n  a = "x:123456789012:y"\n}\n',
      `locals {\n  a = "https://sqs.\${var.region}.amazonaws.com"\n}\n`,
      'locals {\n  a = "https://x.amazonaws.com/"\n}\n',
      'locals {\n  a = "ami-0123456789abcdef0"\n}\n',
    ],
    keeps: [
      'locals {\n  a = "arn:aws" # arn:aws:s3\n  b = { Service = "lambda.amazonaws.com" }\n}\n',
      'variable "x" {\n  description = "Such as arn:aws:iam::123456789012:role/x."\n}\n',
    ],
  },
  'only the AWS provider, from 5.100 to below 6': {
    rule: oneProvider,
    of: all,
    breaks: [
      provider('aws', '~> 5.0'),
      provider('aws', '>= 5.100'),
      provider('random', '>= 5.100, < 6'),
      'terraform {\n  required_version = ">= 1.5"\n}\n',
      'provider "aws" {\n}\n',
    ],
    keeps: [provider('aws', '>= 5.100, < 6'), 'terraform {\n  required_version = ">= 1.11"\n}\n', 'terraform {\n  backend "s3" {}\n}\n'],
  },
  'every variable and output is described': {
    rule: allIsDescribed,
    of: all,
    breaks: [
      'variable "x" {\n  type = string\n}\n',
      'variable "x" {\n  description = "Is x."\n}\n',
      'variable "x" {\n  type = string\n  description = " "\n}\n',
      'output "x" {\n  value = 1\n}\n',
      'output "x" {\n  value = 1\n  description = "x"\n}\n',
      'output "x" {\n  value = 1\n  description = "Is x."\n  sensitive = true\n}\n',
    ],
    keeps: ['variable "x" {\n  type = string\n  description = "Is \'x\'."\n}\noutput "x" {\n  value = 1\n  description = "Is x."\n}\n'],
  },
  'files are short': {
    rule: filesAreShort,
    of: all,
    breaks: ['# x\n'.repeat(longest + 1)],
    keeps: ['# x\n'.repeat(longest)],
  },
  'nothing is there that version 6 of the provider no longer has': {
    rule: readyForSix,
    of: all,
    breaks: [
      resource('aws_eip', 'vpc = true'),
      resource('aws_flow_log', 'log_group_name = "x"'),
      resource('aws_opsworks_stack'),
      resource('aws_ami', 'most_recent = true', 'data'),
      resource('aws_launch_template', 'block_device_mappings {\n  ebs {\n    encrypted = 1\n  }\n}'),
      resource('aws_instance', 'dynamic "network_interface" {\n}'),
      'locals {\n  a = data.aws_region.current.name\n}\n',
      `locals {\n  a = "x \${aws_s3_bucket.a["b"].region}"\n}\n`,
      'provider "aws" {\n  endpoints {\n    sdb = "x"\n  }\n}\n',
    ],
    keeps: [
      resource('aws_eip', 'domain = "vpc"'),
      resource('aws_launch_template', 'block_device_mappings {\n  ebs {\n    encrypted = true\n  }\n}'),
      resource('aws_ssm_association', 'targets {\n}'),
    ],
  },
  'nothing is there for the sake of a test': {
    rule: nothingForTests,
    of: all,
    breaks: [
      'provider "aws" {\n  skip_credentials_validation = true\n}\n',
      'provider "aws" {\n  endpoints {\n  }\n}\n',
      'provider "aws" {\n  access_key = "x"\n}\n',
      'variable "is_test" {\n}\n',
    ],
    keeps: ['# moto\n', resource('aws_vpc_endpoint')],
  },
  'images come by id, from Amazon or this account (ctl:E7)': {
    rule: imagesArePinned,
    of: shipped,
    breaks: [
      resource('aws_ami', 'owners = ["amazon"]\nfilter {\n  name = "image-id"\n}', 'data'),
      resource('aws_ami', 'owners = ["amazon", "self"]\nfilter {\n  name = "name"\n}', 'data'),
      resource('aws_ami', 'owners = ["amazon", "self"]\nmost_recent = true\nfilter {\n  name = "image-id"\n}', 'data'),
    ],
    keeps: [resource('aws_ami', 'owners = ["amazon", "self"]\nfilter {\n  name = "image-id"\n}', 'data')],
  },
  'what the foundation keeps can not be destroyed (ctl:S12)': {
    rule: keepsItsState,
    of: kept,
    breaks: [resource('aws_s3_bucket'), resource('aws_kms_key', 'lifecycle {\n  prevent_destroy = false\n}')],
    keeps: [
      resource('aws_kms_key', 'lifecycle {\n  prevent_destroy = true\n}'),
      resource('aws_s3_bucket', '', 'data'),
      resource('aws_kms_alias'),
    ],
  },
}

describe.each(Object.entries(rules))('%s', (_, { rule, of, breaks, keeps }) => {
  test('in all of terraform/', () => {
    expect(of).not.toEqual([])
    const excused = (said: string) => Object.keys(exceptions).some((exception) => said.startsWith(exception))
    expect(of.flatMap(rule).filter((said) => !excused(said))).toEqual([])
  })

  test.each(breaks)('is broken by %j', (text) => {
    expect(rule({ path: 'modules/x/main.tf', text })).toEqual([expect.stringContaining('modules/x/main.tf')])
  })

  test.each(keeps)('is kept by %j', (text) => {
    expect(rule({ path: 'modules/x/main.tf', text })).toEqual([])
  })
})

test('every exception is still needed', () => {
  const said = Object.values(rules).flatMap(({ rule, of }) => of.flatMap(rule))
  expect(Object.keys(exceptions).filter((exception) => !said.some((line) => line.startsWith(exception)))).toEqual([])
})

test.each(modules)('%s has its files', (module) => {
  const missing = ['main.tf', 'variables.tf', 'outputs.tf', 'versions.tf', 'README.md'].filter(
    (name) => !existsSync(join(sources, module, name)),
  )
  expect(missing).toEqual([])
})

/** As published for 5.100.0; the h1 is that of linux_amd64, and Terraform reckons the same from the unpacked provider. */
test('a lock file names the provider by all published hashes (ctl:P1)', () => {
  const locks = ['.', 'foundation', 'environment'].map((folder) => readFileSync(join(sources, folder, '.terraform.lock.hcl'), 'utf8'))
  expect(new Set(locks).size).toBe(1)
  expect(locks[0]).toMatch(
    /provider "registry\.terraform\.io\/hashicorp\/aws" \{\n {2}version {5}= "5\.100\.0"\n {2}constraints = ">= 5\.100\.0, < 6\.0\.0"/,
  )
  expect(locks[0]?.match(/^ {4}"zh:[0-9a-f]{64}",$/gm)).toHaveLength(15)
  expect(locks[0]?.match(/^ {4}"h1:[A-Za-z0-9+/]{43}=",$/gm)).toHaveLength(1)
  expect(locks[0]?.match(/^provider /gm)).toHaveLength(1)
})
