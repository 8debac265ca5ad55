import type { Readable, Writable } from 'node:stream'

/** One program on a host with its three streams. */
export interface Channel {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves with the reason, in words, once no more can come. */
  readonly closed: Promise<string>
  /** Round trips that opening it took. */
  readonly trips: number
  destroy(): void
}

/** What carries a shell: it starts programs on the host, several at once. */
export interface Transport {
  /** `program` is a line for the login shell. Rejects when the host cannot be asked any more. */
  open(program: string): Promise<Channel>
  close(): void
}

/** Time-outs of a connection, all in milliseconds. */
export interface Limits {
  /** From the first packet to a shell that answers. */
  readonly connectMs: number
  /** A host that gives no sign of life for so long is lost. */
  readonly idleMs: number
  /** A command that is not given a time-out of its own. */
  readonly commandMs: number
  /** The most that one command may write to stdout, and to stderr, in bytes. More is an OutputTooLarge. */
  readonly outputBytes: number
}

/** Limits that suit a fleet; a command may well take an hour to patch a machine. */
export const defaultLimits: Limits = { connectMs: 15_000, idleMs: 30_000, commandMs: 3_600_000, outputBytes: 16 * 1024 * 1024 }

/** The promise, or the error of `late` after `ms`. */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  return Promise.race([work, limit]).finally(() => clearTimeout(timer))
}
