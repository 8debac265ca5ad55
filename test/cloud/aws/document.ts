/** An environment's document as Terraform writes it, for tests to bend. */
import { environmentSchema } from '../../../cloud/aws/environment.ts'

const account = '123456789012'
const hex = (word: string, digit: string): string => `${word}-0${digit.repeat(16)}`
const each = <V>(names: readonly string[], value: (name: string, index: number) => V): Readonly<Record<string, V>> =>
  Object.fromEntries(names.map((name, index) => [name, value(name, index)]))
const shape = environmentSchema.shape
const namesIn = (schema: { readonly shape: object }): readonly string[] => Object.keys(schema.shape)

export const document = {
  schema: 1,
  pit: 'hipaa_vpc',
  partition: 'aws',
  account,
  region: 'us-west-2',
  tenancy: 'dedicated',
  network: {
    vpc: hex('vpc', 'a'),
    cidr: '10.0.0.0/16',
    availability_zone: 'us-west-2a',
    nat_address: '198.51.100.7',
    subnets: each(namesIn(shape.network.shape.subnets), (_, index) => hex('subnet', String(index))),
    security_groups: each(namesIn(shape.network.shape.security_groups), (_, index) => hex('sg', String(index))),
    endpoints: each(namesIn(shape.network.shape.endpoints), (_, index) => hex('vpce', index.toString(16))),
  },
  bastion: { instance: hex('i', 'b'), public_address: '198.51.100.8', private_address: '10.0.0.10' },
  key_host: { instance: hex('i', 'e'), private_address: '10.0.2.10' },
  worker: { template: hex('lt', 'c'), template_name: 'hipaa_vpc-worker', template_version: 3, instance_type: 'm6i.xlarge' },
  images: each(namesIn(shape.images), (_, index) => hex('ami', String(index))),
  buckets: each(namesIn(shape.buckets), (name) => `hipaa-vpc-${name.replaceAll('_', '-')}-${account}-us-west-2`),
  keys: each(namesIn(shape.keys), (_, index) => `arn:aws:kms:us-west-2:${account}:key/00000000-0000-4000-8000-00000000000${index}`),
  roles: each(namesIn(shape.roles), (name) => `arn:aws:iam::${account}:role/hipaa_vpc-${name.replaceAll('_', '-')}`),
  tables: { ledger: 'hipaa_vpc-ledger' },
  queues: each(namesIn(shape.queues), (name) => `https://sqs.us-west-2.amazonaws.com/${account}/hipaa_vpc-${name}`),
  topics: each(namesIn(shape.topics), (name) => `arn:aws:sns:us-west-2:${account}:hipaa_vpc-${name}`),
  functions: { intake: 'hipaa_vpc-intake' },
}
