/**
 * The program behind the key host's only door. `main.ts DIR`: one JSON request on stdin, one line of JSON on stdout, and nothing
 * else is ever said. A refusal is an answer, so it ends with 0 as well.
 */
import { randomBytes } from 'node:crypto'
import { openLocal } from '../cloud/local/open.ts'
import type { Refusal } from '../custody/messages.ts'
import { answer } from './answer.ts'

const LONGEST = 8 * 1024 * 1024
/** Milliseconds for all of it: less than the agent waits for its answer (`keyHostMs` in bastion-agent/hosts.ts), so that nothing goes on that nobody waits for. */
const PATIENCE = 25_000

async function main(dir: string): Promise<object> {
  const text = await requestText()
  if (text === undefined) return refusal('bad-request', `expected a request of at most ${LONGEST} bytes`)
  const cloud = await openLocal(dir, 'keyHost')
  try {
    return await answer({ cloud, random: randomBytes }, text)
  } finally {
    await cloud.close()
  }
}

async function requestText(): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    size += chunk.length
    if (size > LONGEST) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refusal(refused: Refusal['refused'], message: string): Refusal {
  return { refused, message }
}

/** The words of an unforeseen error stay here: they could hold anything. */
const unavailable = (): Refusal => refusal('unavailable', 'the key host cannot answer now; send the same request again')

const late = setTimeout(() => finish(unavailable()), PATIENCE)
process.on('uncaughtException', () => finish(unavailable()))
const [dir] = process.argv.slice(2)
finish(dir === undefined ? refusal('unavailable', 'the key host was started without its directory') : await main(dir).catch(unavailable))

function finish(said: object): void {
  clearTimeout(late)
  process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit(0))
}
