import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readAsk } from './shim/ask.ts'
import { operations } from './shim/operations.ts'
import { portOf, shim } from './shim/server.ts'
import { withOperations } from './shim/table.ts'

const project = resolve(import.meta.dirname, '../../..')
const signed = (service: string): IncomingHttpHeaders => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-west-2/${service}/aws4_request, SignedHeaders=host, Signature=0`,
})
const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('the table of operations', () => {
  test('names each once', () => {
    const names = operations().map(({ operation }) => operation)
    expect(names).toEqual([...new Set(names)])
  })

  test('is that of the document', () => {
    const document = readFileSync(join(project, 'docs/lab-aws.md'), 'utf8')
    expect(document, 'stale: run node scripts/lab-aws.ts').toBe(withOperations(document))
  })
})

describe('an operation is found', () => {
  test.each<[operation: string, method: string, target: string, headers: IncomingHttpHeaders, body: string]>([
    ['ec2:RunInstances', 'POST', '/', { ...signed('ec2'), ...form }, 'Action=RunInstances&MinCount=1'],
    ['kms:EnableKeyRotation', 'POST', '/', { ...signed('kms'), 'x-amz-target': 'TrentService.EnableKeyRotation' }, '{}'],
    ['lambda:GetFunction', 'GET', '/2015-03-31/functions/intake', signed('lambda'), ''],
    ['lambda:GET /2015-03-31/functions/intake/policy', 'GET', '/2015-03-31/functions/intake/policy', signed('lambda'), ''],
    ['access-analyzer:CreateAnalyzer', 'PUT', '/analyzer', signed('access-analyzer'), '{}'],
    ['s3:PutBucketPolicy', 'PUT', '/bucket?policy=', signed('s3'), '{}'],
    ['s3:PutObject', 'PUT', '/bucket/incoming/a.pgp?partNumber=2&uploadId=x', signed('s3'), ''],
    ['s3:GetBucketLogging', 'GET', 'http://bucket.aws.test:1/?logging', { ...signed('s3'), host: 'bucket.aws.test:1' }, ''],
    [
      's3-control:GET /v20180820/configuration/publicAccessBlock',
      'GET',
      'http://123456789012.aws.test:1/v20180820/configuration/publicAccessBlock',
      { ...signed('s3'), host: '123456789012.aws.test:1' },
      '',
    ],
  ])('%s', (operation, method, target, headers, body) => {
    const ask = readAsk(method, target, headers, Buffer.from(body))
    expect(`${ask.service}:${ask.operation}`).toBe(operation)
  })

  test('and a bucket before the host is put before the path', () => {
    expect(readAsk('GET', 'http://bucket.aws.test:1/key?acl', { host: 'bucket.aws.test:1' }, Buffer.alloc(0)).path).toBe('/bucket/key?acl')
  })
})

describe('a call', () => {
  let moto: Server
  let server: Server
  let asked: string[]
  let says: (body: string) => string

  beforeEach(async () => {
    asked = []
    says = () => '<ok/>'
    moto = createServer(async (incoming, outgoing) => {
      let body = ''
      for await (const part of incoming) body += part
      asked.push(
        `${incoming.method} ${incoming.url} ${incoming.headers.host === `127.0.0.1:${portOf(server)}` ? '' : incoming.headers.host}${body}`,
      )
      outgoing.setHeader('x-from', 'moto').end(says(body))
    })
    server = createServer()
    for (const one of [moto, server]) await new Promise<void>((done) => one.listen(0, '127.0.0.1', done))
    server.on(
      'request',
      shim({ moto: portOf(moto), own: portOf(server), handlers: operations() }, () => {}),
    )
  })
  afterEach(() => {
    for (const one of [moto, server]) one.close()
  })

  const call = (path: string, headers: IncomingHttpHeaders, body = '', method = 'POST') =>
    new Promise<{ readonly status: number | undefined; readonly text: string }>((done, fail) => {
      request({ host: '127.0.0.1', port: portOf(server), method, path, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        answer.on('end', () => done({ status: answer.statusCode, text }))
      })
        .on('error', fail)
        .end(body)
    })

  test('that nobody touches goes to moto as it came', async () => {
    expect(await call('/', { ...signed('ec2'), ...form }, 'Action=DescribeVpcs')).toEqual({ status: 200, text: '<ok/>' })
    expect(asked).toEqual(['POST / Action=DescribeVpcs'])
  })

  test('to another host than the lab is refused, as a tunnel is', async () => {
    expect(await call('http://sts.amazonaws.com/', { ...signed('sts'), host: 'sts.amazonaws.com' })).toMatchObject({ status: 502 })
    const tunnel = new Promise((done) =>
      request({ host: '127.0.0.1', port: portOf(server), method: 'CONNECT', path: 'sts.amazonaws.com:443' })
        .on('connect', () => done('a tunnel'))
        .on('error', () => done('none'))
        .end(),
    )
    expect(await tunnel).toBe('none')
    expect(asked).toEqual([])
  })

  test('that a handler fails at says so', async () => {
    says = () => 'not JSON'
    const attributes = { ...signed('sqs'), 'x-amz-target': 'AmazonSQS.GetQueueAttributes' }
    expect(await call('/', attributes, '{}')).toMatchObject({ status: 502, text: expect.stringContaining('JSON') })
  })

  test('for an instance shows the tenancy that was asked for, and ends none that may not be stopped', async () => {
    const instance = '<item><instanceId>i-1</instanceId><placement><tenancy>default</tenancy></placement></item>'
    says = (body) =>
      body.includes('disableApiStop') ? '<disableApiStop><value>true</value></disableApiStop>' : `<instancesSet>${instance}</instancesSet>`
    const ec2 = { ...signed('ec2'), ...form }
    await call('/', ec2, 'Action=RunInstances&Placement.Tenancy=dedicated')
    expect((await call('/', ec2, 'Action=DescribeInstances')).text).toContain('<tenancy>dedicated<')
    expect(await call('/', ec2, 'Action=TerminateInstances&InstanceId.1=i-1')).toMatchObject({
      status: 400,
      text: expect.stringContaining('OperationNotPermitted'),
    })
  })

  test('for the policy of a bucket keeps it as it came, and tells moto nothing of it', async () => {
    const policy = '{ "Statement": [] }'
    expect(await call('/bucket?policy', signed('s3'), policy, 'PUT')).toMatchObject({ status: 204 })
    expect(await call('/bucket?policy', signed('s3'), '', 'GET')).toEqual({ status: 200, text: policy })
    expect(asked).toEqual(['GET /bucket?location '])
  })
})
