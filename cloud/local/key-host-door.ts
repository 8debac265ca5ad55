/**
 * The key host's door: an SSH server on loopback behind which there is one program, whatever is asked for. It reads one JSON
 * line {"authorizedKey", "program"?} from stdin, says {"port"} on stdout, and ends when its stdin ends.
 *
 *     node key-host-door.ts DIR
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { keyHostKeyPath } from './key-host-key.ts'
import { layout } from './layout.ts'
import { startSshd } from './sshd.ts'

interface Orders {
  readonly authorizedKey: string
  readonly program: readonly string[]
}

function readOrders(dir: string, line: string): Orders {
  const found: unknown = JSON.parse(line)
  const { authorizedKey, program }: { authorizedKey?: unknown; program?: unknown } =
    typeof found === 'object' && found !== null ? found : {}
  if (typeof authorizedKey !== 'string')
    throw new Error('expected {"authorizedKey": "ssh-ed25519 …"} as first line of stdin, got another line')
  if (program === undefined) return { authorizedKey, program: [process.execPath, join(layout(dir).release, 'key-host.mjs'), dir] }
  if (Array.isArray(program) && program.length > 0 && program.every((word) => typeof word === 'string')) return { authorizedKey, program }
  throw new Error('expected "program" to be a list of words, got something else')
}

async function open(dir: string, line: string): Promise<void> {
  const { authorizedKey, program } = readOrders(dir, line)
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', SKEP_CLOUD: dir }
  const hostKey = readFileSync(keyHostKeyPath(dir), 'utf8')
  const sshd = await startSshd({ hostKey, authorizedKey, env, cwd: dir, forcedCommand: { argv: program, env } })
  process.stdout.write(`${JSON.stringify({ port: sshd.port })}\n`)
}

const [dir] = process.argv.slice(2)
const fail = (error: unknown): never => {
  process.stderr.write(`key-host-door: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
if (dir === undefined) fail('expected the directory of a local cloud, got none')
else {
  process.on('SIGINT', () => undefined) // Ctrl-C reaches the whole group; the agent says by our stdin when it is done with us
  const lines = createInterface({ input: process.stdin })
  lines.once('line', (line) => open(dir, line).catch(fail))
  // A request that is being answered ends by itself: its answer is durable, and the next to ask gets the same one.
  lines.on('close', () => process.exit(0))
}
