import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http'
import { type Answer, type Ask, readAsk } from './ask.ts'
import type { Handler, Moto } from './handler.ts'

const perConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'content-length', 'expect', 'upgrade'])

/** Puts the handlers before moto. As a reverse proxy, and as a forward proxy for hosts of `aws.test`; nothing else is passed on. */
export function shim(motoPort: number, handlers: readonly Handler[], told: (ask: Ask, answer: Answer) => void): Server {
  const byOperation = new Map(handlers.map((handler) => [handler.operation, handler]))
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })

  const server = createServer((incoming, outgoing) => {
    answerTo(incoming).then(
      ({ status, headers, body }) => {
        for (const [name, value] of Object.entries(headers))
          if (!perConnection.has(name) && value !== undefined) outgoing.setHeader(name, value)
        // A HEAD answer tells the length of what it leaves out.
        outgoing.setHeader('content-length', incoming.method === 'HEAD' ? (headers['content-length'] ?? 0) : body.length)
        outgoing.writeHead(status).end(body)
      },
      (error: unknown) => outgoing.writeHead(502, { 'content-type': 'text/plain' }).end(`shim: ${String(error)}`),
    )
  })

  async function answerTo(incoming: IncomingMessage): Promise<Answer> {
    const target = incoming.url ?? '/'
    if (!/^\/|^http:\/\/([a-z0-9.-]+\.)?aws\.test[:/]|^http:\/\/127\.0\.0\.1[:/]/.test(target))
      throw new Error(`expected a host of aws.test, got ${target}`)
    const ask = readAsk(incoming.method ?? 'GET', target, incoming.headers, await bytes(incoming))
    const handler = byOperation.get(`${ask.service}:${ask.operation}`)
    const answer = await (handler === undefined ? moto(ask) : handler.handle(ask, moto))
    told(ask, answer)
    return answer
  }

  const moto: Moto = ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !perConnection.has(name)))
      // moto takes a host with a name for a bucket, and writes the host into the URLs of queues.
      const host = `127.0.0.1:${portOf(server)}`
      const options = { agent, host: '127.0.0.1', port: motoPort, method, path, headers: { ...kept, host, 'content-length': body.length } }
      request(options, (answer) => {
        bytes(answer).then((content) => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: content }), reject)
      })
        .on('error', reject)
        .end(body)
    })

  return server
}

/** The port that a listening server got. */
export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a server that listens on a port')
  return address.port
}

async function bytes(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
