import { Agent, type IncomingMessage, type RequestListener, request, type Server } from 'node:http'
import { type Answer, type Ask, readAsk } from './ask.ts'
import type { Handler, Moto } from './handler.ts'

interface Given {
  /** Moto's port. */
  readonly moto: number
  /** Ours. */
  readonly own: number
  readonly handlers: readonly Handler[]
}

const perConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'content-length', 'expect', 'upgrade'])

/** Puts the handlers before moto: as a reverse proxy, and as a forward proxy for hosts of `aws.test`. No other host is asked. */
export function shim({ moto: motoPort, own, handlers }: Given, told: (ask: Ask, answer: Answer) => void): RequestListener {
  const byOperation = new Map(handlers.map((handler) => [handler.operation, handler]))
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })

  const moto: Moto = ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const kept = Object.entries(headers).filter(([name]) => !perConnection.has(name))
      // moto takes a host with a name for a bucket, and writes the host into the URLs of queues.
      const sent = { ...Object.fromEntries(kept), host: `127.0.0.1:${own}`, 'content-length': body.length }
      request({ agent, host: '127.0.0.1', port: motoPort, method, path, headers: sent }, (answer) => {
        bytes(answer).then((content) => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: content }), reject)
      })
        .on('error', reject)
        .end(body)
    })

  async function answerTo(incoming: IncomingMessage): Promise<Answer> {
    const target = incoming.url ?? '/'
    if (!/^(\/|http:\/\/(127\.0\.0\.1|([a-z0-9.-]+\.)?aws\.test)[:/])/.test(target))
      throw new Error(`expected a host of aws.test, got ${target}`)
    const ask = readAsk(incoming.method ?? 'GET', target, incoming.headers, await bytes(incoming))
    const handler = byOperation.get(`${ask.service}:${ask.operation}`)
    const answer = await (handler === undefined ? moto(ask) : handler.handle(ask, moto))
    told(ask, answer)
    return answer
  }

  return (incoming, outgoing) => {
    answerTo(incoming).then(
      ({ status, headers, body }) => {
        for (const [name, value] of Object.entries(headers))
          if (!perConnection.has(name) && value !== undefined) outgoing.setHeader(name, value)
        // The answer to HEAD tells the length of what it leaves out.
        outgoing.setHeader('content-length', incoming.method === 'HEAD' ? (headers['content-length'] ?? 0) : body.length)
        outgoing.writeHead(status).end(body)
      },
      (error: unknown) => outgoing.writeHead(502, { 'content-type': 'text/plain' }).end(`shim: ${String(error)}`),
    )
  }
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
