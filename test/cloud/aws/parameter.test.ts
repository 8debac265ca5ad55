import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadEnvironment } from '../../../cloud/aws/load-environment.ts'
import { readParameter } from '../../../cloud/aws/parameter.ts'
import { document } from './document.ts'

/** A stand-in for SSM, which answers what a test tells it to. */
let answer: (response: ServerResponse) => void = () => undefined
const asked: { readonly target: string; readonly body: unknown }[] = []
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => {
    body += String(part)
  })
  request.on('end', () => {
    asked.push({ target: String(request.headers['x-amz-target']), body: JSON.parse(body) })
    answer(response)
  })
})

const says = (status: number, body: unknown) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
}
const fails = (type: string) => says(400, { __type: type, message: `${type} happened` })
const holds = (value: string) => says(200, { Parameter: { Name: '/hipaa_vpc/environment', Type: 'String', Value: value, Version: 1 } })

beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  for (const name of Object.keys(process.env).filter((one) => one.startsWith('AWS_'))) vi.stubEnv(name, undefined)
  const own = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-west-2',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'none',
    // Nothing of whoever runs this.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value)
})
afterEach(() => {
  vi.unstubAllEnvs()
  asked.length = 0
})

const load = () => loadEnvironment('ssm:/hipaa_vpc/environment')
const wrong = async (): Promise<string> => String(await load().catch((error: unknown) => error))

describe('a parameter', () => {
  test('is read and checked as a file is', async () => {
    answer = holds(JSON.stringify(document))
    expect(await load()).toEqual(document)
    expect(asked).toEqual([{ target: 'AmazonSSM.GetParameter', body: { Name: '/hipaa_vpc/environment' } }])
  })

  test('is asked for again when AWS is busy, and not for ever', async () => {
    let times = 0
    answer = (response) => (++times < 3 ? fails('ThrottlingException') : holds(JSON.stringify(document)))(response)
    expect(await load()).toEqual(document)
    times = -10
    expect(await wrong()).toMatch(/reading the parameter .* failed: ThrottlingException/)
    expect(asked).toHaveLength(6)
  })

  test.each(['ssm:', 'ssm:name', 'ssm:/', 'ssm:/a b', 'ssm:/a\n', `ssm:/${'a'.repeat(1001)}`])('%j names none', async (source) => {
    await expect(loadEnvironment(source)).rejects.toThrow(/names no parameter: write it like ssm:\/hipaa_vpc\/environment$/)
    expect(asked).toEqual([])
  })

  test.each([
    ['ParameterNotFound', /there is no parameter \/hipaa_vpc\/environment in us-west-2: apply terraform\/environment.*set AWS_REGION$/],
    ['AccessDeniedException', /may not be read by who you are: take a role that is allowed ssm:GetParameter on it$/],
    ['ExpiredTokenException', /AWS does not take these credentials \(ExpiredTokenException\): sign in/],
    ['UnrecognizedClientException', /AWS does not take these credentials \(UnrecognizedClientException\): sign in/],
    ['InvalidSignatureException', /AWS does not take these credentials \(InvalidSignatureException\): sign in/],
    ['Surprise', /reading the parameter .* in us-west-2 failed: Surprise: Surprise happened: try again$/],
  ])('that is answered with %s is one clear line', async (type, line) => {
    answer = fails(type)
    expect(await wrong()).toMatch(line)
  })

  test('that holds something else is told as such', async () => {
    answer = holds('{"schema":7}')
    expect(await wrong()).toMatch(/ssm:\/hipaa_vpc\/environment is no environment that this skep knows: schema/)
    answer = holds('AQICAHh')
    expect(await wrong()).toMatch(/ssm:\/hipaa_vpc\/environment is not JSON/)
    answer = says(200, { Parameter: { Name: '/hipaa_vpc/environment' } })
    expect(await wrong()).toMatch(/has no value/)
  })

  test('cannot be read without credentials, without a region, or from nobody', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    expect(await wrong()).toMatch(/there are no AWS credentials: sign in, for example with aws sso login/)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE')
    vi.stubEnv('AWS_REGION', undefined)
    expect(await wrong()).toMatch(/no AWS region is named: set AWS_REGION/)
    vi.stubEnv('AWS_REGION', 'us-west-2')
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1')
    expect(await wrong()).toMatch(/SSM in us-west-2 cannot be reached \(ECONNREFUSED\): look at your network/)
  })

  test('is not waited for without end', async () => {
    answer = () => undefined
    await expect(readParameter('/hipaa_vpc/environment', 300)).rejects.toThrow(/SSM in us-west-2 did not answer within 0.3 s: look at your/)
  })

  test('is not waited for without end, though it be the credentials that do not come', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-credentials-'))
    writeFileSync(join(dir, 'config'), '[default]\ncredential_process = sleep 3\n')
    vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'config'))
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    const began = performance.now()
    await expect(readParameter('/hipaa_vpc/environment', 300)).rejects.toThrow(/did not answer within 0.3 s/)
    expect(performance.now() - began).toBeLessThan(2_000)
    rmSync(dir, { recursive: true })
  })
})
