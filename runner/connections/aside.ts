import { type Channel, type Limits, type Transport, within } from './channel.ts'
import { markReader, sideProgram, sideScript } from './frames.ts'

export interface Beside {
  readonly transport: Transport
  readonly shell: string
  readonly mark: string
  readonly limits: Limits
}

/** So much may be on its way from `pour` into a channel, and one piece more. */
export const underwayBytes = 2 * 1024 * 1024

/** A script that runs on a channel of its own, beside the persistent shell. */
export class Aside {
  /** Round trips that opening it took. */
  readonly trips: number
  readonly #channel: Channel
  readonly #idleMs: number
  readonly #said: string[] = []
  #heard: ((line: string) => void) | undefined
  readonly #ended: Promise<never>

  static async open({ transport, shell, mark, limits }: Beside, script: string): Promise<Aside> {
    const late = (): Error => new Error('a second channel took too long')
    const channel = await within(limits.connectMs, transport.open(sideProgram(shell)), late)
    channel.stdin.write(sideScript(script))
    return new Aside(channel, mark, limits)
  }

  constructor(channel: Channel, mark: string, { idleMs }: Limits) {
    this.trips = channel.trips
    this.#channel = channel
    this.#idleMs = idleMs
    for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.on('error', () => undefined)
    let complaint = ''
    channel.stderr.on('data', (part: Buffer) => {
      complaint = (complaint + part.toString()).slice(-300)
    })
    const told = (line: string): void => {
      this.#said.push(line.slice(2))
      this.#heard?.(line)
    }
    channel.stdout.on('data', markReader(mark, { bytes: () => undefined, mark: told }))
    this.#ended = channel.closed.then((why) => {
      throw new Error(`${why}${complaint.trim() === '' ? '' : `: ${complaint.trim()}`}`)
    })
    this.#ended.catch(() => undefined)
  }

  /** The next thing that the script says with the mark; rejects with what it complained of when it ends without. */
  async answer(): Promise<string> {
    const line = this.#said.shift()
    if (line !== undefined) return line
    const heard = new Promise<void>((resolve) => {
      this.#heard = () => resolve()
    })
    await Promise.race([heard, this.#ended])
    return this.answer()
  }

  /** Writes everything and closes the script's stdin; waits where the host reads slower than we write, but not for ever. */
  async pour(feed: AsyncIterable<Uint8Array>): Promise<void> {
    const { stdin } = this.#channel
    const late = (): Error => new Error(`the host took no bytes for ${this.#idleMs} ms`)
    let under = 0
    let taken = (): void => undefined
    for await (const part of feed) {
      under += part.length
      stdin.write(part, () => {
        under -= part.length
        taken()
      })
      while (under > underwayBytes) {
        const less = new Promise<void>((resolve) => {
          taken = resolve
        })
        await within(this.#idleMs, Promise.race([less, this.#ended]), late)
      }
    }
    stdin.end()
  }

  close(): void {
    this.#channel.destroy()
  }
}

/** Runs a script aside, feeds it, and returns what it says with the mark. */
export async function aside(to: Beside, script: string, feed: AsyncIterable<Uint8Array> = nothing()): Promise<string> {
  const side = await Aside.open(to, script)
  const late = (): Error => new Error('a second channel took too long')
  try {
    const [said] = await within(to.limits.commandMs, Promise.all([side.answer(), side.pour(feed)]), late)
    return said
  } finally {
    side.close()
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

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
