import { type Channel, type Limits, type Transport, within } from './channel.ts'
import { markReader, sideProgram, sideScript } from './frames.ts'

interface Aside {
  readonly transport: Transport
  readonly shell: string
  readonly mark: string
  readonly limits: Limits
}

/** Runs a script on a channel of its own, beside the persistent shell; feeds it, and returns what it says with the mark. */
export async function aside(to: Aside, script: string, feed: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const { connectMs, commandMs, idleMs } = to.limits
  const late = (): Error => new Error('a second channel took too long')
  const channel = await within(connectMs, to.transport.open(sideProgram(to.shell)), late)
  try {
    const said = answer(channel, to.mark)
    channel.stdin.write(sideScript(script))
    return await within(
      commandMs,
      Promise.all([said, pour(feed, channel, idleMs)]).then(([text]) => text),
      late,
    )
  } finally {
    channel.destroy()
  }
}

/** What went wrong where the bytes come from, not on the way. */
export class SourceError extends Error {}

/** The source's bytes in pieces that fit through a channel; `sent` counts them. */
export async function* counted(source: Uint8Array | AsyncIterable<Uint8Array>, sent: { bytes: number }): AsyncGenerator<Uint8Array> {
  const step = 256 * 1024
  if (source instanceof Uint8Array) {
    sent.bytes = source.length
    for (let at = 0; at < source.length; at += step) yield source.subarray(at, at + step)
    return
  }
  try {
    for await (const part of source) {
      sent.bytes += part.length
      yield part
    }
  } catch (cause) {
    throw new SourceError('the source of the bytes failed', { cause })
  }
}

function answer(channel: Channel, mark: string): Promise<string> {
  for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.on('error', () => undefined)
  let complaint = ''
  channel.stderr.on('data', (part: Buffer) => {
    complaint = (complaint + part.toString()).slice(-300)
  })
  return new Promise((resolve, reject) => {
    channel.stdout.on('data', markReader(mark, { bytes: () => undefined, mark: (line) => resolve(line.slice(2)) }))
    channel.closed.then((why) => reject(new Error(`${why}${complaint.trim() === '' ? '' : `: ${complaint.trim()}`}`)))
  })
}

/** Writes everything and closes the program's stdin; waits where the host reads slower than we write, but not for ever. */
async function pour(feed: AsyncIterable<Uint8Array> | undefined, channel: Channel, idleMs: number): Promise<void> {
  for await (const part of feed ?? []) {
    if (channel.stdin.write(part)) continue
    const drained = new Promise<void>((resolve) => channel.stdin.once('drain', () => resolve()))
    const gone = channel.closed.then((why) => {
      throw new Error(why)
    })
    await within(idleMs, Promise.race([drained, gone]), () => new Error(`the host took no bytes for ${idleMs} ms`))
  }
  channel.stdin.end()
}
