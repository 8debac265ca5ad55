/**
 * The lab: moto, and the shim before it. Tells on standard output what a client has to have in its environment, and ends
 * both when standard input does, or on a signal. With a path it can be asked on a socket there, too.
 *
 *     node test/lab/aws/main.ts [SOCKET]
 */
import { createServer, type RequestListener } from 'node:http'
import { motoServer, startMoto } from './moto.ts'
import { operations } from './shim/operations.ts'
import { portOf, shim } from './shim/server.ts'

const [socket] = process.argv.slice(2)
const moto = await startMoto(await motoServer())
const calls: Record<string, number> = {}

const server = createServer()
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
const url = `http://127.0.0.1:${portOf(server)}`
const answer = shim({ moto: moto.port, own: portOf(server), handlers: operations() }, ({ service, operation }, { status }) => {
  const call = `${service}:${operation} ${status}`
  calls[call] = (calls[call] ?? 0) + 1
})
const listener: RequestListener = (incoming, outgoing) =>
  incoming.url === '/_shim/calls' ? outgoing.end(JSON.stringify(calls)) : answer(incoming, outgoing)
server.on('request', listener)
if (socket !== undefined) createServer(listener).listen(socket)

const image = await newestImage()
const environment = {
  AWS_ENDPOINT_URL: url,
  // S3 Control puts the account before the host, so that needs a name, and only a proxy finds it.
  AWS_ENDPOINT_URL_S3_CONTROL: url.replace('127.0.0.1', 'aws.test'),
  HTTP_PROXY: url,
  HTTPS_PROXY: url,
  NO_PROXY: '127.0.0.1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-west-2',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  TF_VAR_images: JSON.stringify({ bastion: image, key_host: image, worker: image }),
}
for (const [name, value] of Object.entries(environment)) process.stdout.write(`export ${name}='${value}'\n`)

const end = () => void moto.stop().then(() => process.exit(0))
process.stdin.on('end', end).on('error', end).resume()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end)

/** Moto's newest Amazon Linux 2023: which it has differs between its versions. */
async function newestImage(): Promise<string> {
  const answered = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-west-2/ssm/aws4_request, SignedHeaders=host, Signature=0',
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonSSM.GetParameter',
    },
    body: JSON.stringify({ Name: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64' }),
  })
  const { Parameter: parameter } = (await answered.json()) as { readonly Parameter: { readonly Value: string } }
  return parameter.Value
}
