import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { CloudError, type Trail } from '../ports.ts'
import { syncFolder } from './durable.ts'
import { layout } from './layout.ts'
import { openLock } from './lock.ts'
import type { Gate } from './rights.ts'
import { type Database, transaction } from './sqlite.ts'

const LINE_FEED = 10

/** What we know of the file as far as we have read it. */
interface Counted {
  readonly inode: number
  readonly size: number
  readonly lines: number
}

/** The audit chain's lines in one file that only grows. A line without its line feed was never acknowledged. */
export class LocalTrail implements Trail {
  readonly #path: string
  readonly #gate: Gate
  readonly #dir: string
  #lock: Database | undefined
  #counted: Counted = { inode: 0, size: 0, lines: 0 }

  constructor(dir: string, gate: Gate) {
    this.#dir = dir
    this.#path = layout(dir).chain
    this.#gate = gate
  }

  async lines(): Promise<readonly string[]> {
    this.#gate.trail()
    try {
      return readFileSync(this.#path, 'utf8').split('\n').slice(0, -1)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw new CloudError('Unavailable', `reading the audit trail at ${this.#path}: the disk did not give it; look at its rights`, {
        cause: error,
      })
    }
  }

  async append(seq: number, line: string): Promise<boolean> {
    this.#gate.trail()
    if (!Number.isSafeInteger(seq) || seq < 1 || line.includes('\n'))
      throw new CloudError(
        'InvalidArgument',
        `appending to the audit trail: expected a number from 1 and one line, got ${seq} and ${line.length} characters`,
      )
    this.#lock ??= openLock(this.#dir, 'audit')
    return transaction(this.#lock, 'appending to the audit trail', () => this.#append(seq, line))
  }

  close(): void {
    this.#lock?.close()
    this.#lock = undefined
  }

  #append(seq: number, line: string): boolean {
    const file = openSync(this.#path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600)
    try {
      const { size, lines } = this.#count(file)
      // A place beyond the end is not free either: the caller has seen a longer chain than there is.
      if (seq !== lines + 1) return false
      if (fstatSync(file).size > size) ftruncateSync(file, size)
      const bytes = Buffer.from(`${line}\n`)
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
      fsyncSync(file)
      if (lines === 0) syncFolder(dirname(this.#path))
      return true
    } finally {
      closeSync(file)
    }
  }

  /** Lines and size up to the last line feed, reading only what came since we last looked. */
  #count(file: number): Counted {
    const { ino, size } = fstatSync(file)
    const known = this.#counted.inode === ino && this.#counted.size <= size ? this.#counted : { inode: ino, size: 0, lines: 0 }
    const fresh = Buffer.alloc(size - known.size)
    for (let done = 0; done < fresh.length; ) {
      const got = readSync(file, fresh, done, fresh.length - done, known.size + done)
      if (got === 0) break
      done += got
    }
    let lines = known.lines
    for (const byte of fresh) if (byte === LINE_FEED) lines += 1
    this.#counted = { inode: ino, size: known.size + fresh.lastIndexOf(LINE_FEED) + 1, lines }
    return this.#counted
  }
}
