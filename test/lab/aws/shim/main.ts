/**
 * Starts moto and the shim before it, tells on standard output what a client has to have in its environment, and ends
 * both when standard input does, or on a signal. With a path it can be asked on a socket there, too.
 *
 *     node test/lab/aws/shim/main.ts [SOCKET]
 */
import { createServer, type RequestListener } from 'node:http'
import { motoServer, startMoto } from '../moto.ts'
import { operations } from './operations.ts'
import { portOf, shim } from './server.ts'

const [socket] = process.argv.slice(2)
const moto = await startMoto(motoServer())
const calls: Record<string, number> = {}

const server = createServer()
const listener: RequestListener = (incoming, outgoing) =>
  incoming.url === '/_shim/calls' ? outgoing.end(JSON.stringify(calls)) : answer(incoming, outgoing)
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
const port = portOf(server)
const answer = shim({ moto: moto.port, own: port, handlers: operations() }, ({ service, operation }, { status }) => {
  const call = `${service}:${operation} ${status}`
  calls[call] = (calls[call] ?? 0) + 1
})
server.on('request', listener)
if (socket !== undefined) createServer(listener).listen(socket)

const environment = {
  AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  // S3 Control puts the account before the host, so that needs a name, which only a proxy finds.
  AWS_ENDPOINT_URL_S3_CONTROL: `http://aws.test:${port}`,
  HTTP_PROXY: `http://127.0.0.1:${port}`,
  HTTPS_PROXY: `http://127.0.0.1:${port}`,
  NO_PROXY: '127.0.0.1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-west-2',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
}
for (const [name, value] of Object.entries(environment)) process.stdout.write(`export ${name}=${value}\n`)

const end = () => void moto.stop().then(() => process.exit(0))
process.stdin.on('end', end).on('error', end).resume()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end)
