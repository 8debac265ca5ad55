import type { Readable } from 'node:stream'
import type { Host } from '../contract.ts'
import { OutputTooLarge, Unreachable } from '../errors.ts'
import { defaultLimits, type Limits, within } from './channel.ts'
import { SshDoor } from './ssh.ts'

export interface ForcedOptions extends Partial<Limits> {
  /** For messages; the host runs its forced command whatever is asked. */
  readonly asking: string
}

/**
 * One request to a host whose only door is a forced command: `input` goes to its stdin, its whole stdout comes back.
 * Rejects as a connection does, and with Unreachable when no whole answer came within `commandMs`. Whether the command
 * had its effect is then not known: ask only what may be asked twice.
 */
export async function askForcedCommand(host: Host, input: string, signal: AbortSignal, options: ForcedOptions): Promise<string> {
  const limits = { ...defaultLimits, ...options }
  const { channel, close } = await new SshDoor(limits).open(host, signal, async (transport) => {
    return { channel: await transport.open(options.asking), close: () => transport.close() }
  })
  signal.addEventListener('abort', close, { once: true })
  try {
    channel.stderr.resume()
    channel.stdin.on('error', () => undefined) // the other side stopped listening; what it answers, or does not, tells
    channel.stdin.end(input)
    const late = (): Error => new Unreachable(`${host.name}: no answer to ${options.asking} within ${limits.commandMs} ms`)
    return await within(limits.commandMs, readAll(host.name, options.asking, channel.stdout, limits.outputBytes), late)
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

async function readAll(host: string, asking: string, stdout: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdout) {
    const bytes = Buffer.from(chunk as Uint8Array)
    size += bytes.length
    if (size > limit) throw new OutputTooLarge(host, asking, limit)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
