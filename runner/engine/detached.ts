import type { Command, Connection, Output, RunOptions } from '../contract.ts'
import { CommandTimeout, ConnectionLost, RemoteError } from '../errors.ts'
import { sh } from '../sh.ts'

export interface DetachedOptions {
  readonly host: string
  /** How long a command may take. */
  readonly seconds: number
  /** How often it is looked at. 0: not at all. */
  readonly poll: number
  /** Ends early when the run is interrupted. */
  pause(ms: number): Promise<void>
  interrupted(): boolean
  now(): number
}

/** Runs in a session of its own where the host has `setsid`; its parts are files in the job's directory, `r` the last. */
const wrapper = 'trap "" HUP;cd "$2";(. "$1/c") <"$1/i" >"$1/o" 2>"$1/e";echo $? >"$1/n";mv "$1/n" "$1/r"'

/** A connection whose commands go on by themselves: they outlive the connection and are asked about now and then. */
export class Detached implements Connection {
  /** The directory of a command that was started and left. */
  left: string | undefined
  readonly probe: Connection['probe']
  readonly read: Connection['read']
  readonly write: Connection['write']
  readonly #connection: Connection
  readonly #options: DetachedOptions

  constructor(connection: Connection, options: DetachedOptions) {
    this.#connection = connection
    this.#options = options
    this.probe = (command, given) => connection.probe(command, given)
    this.read = (path) => connection.read(path)
    this.write = (path, content, mode) => connection.write(path, content, mode)
  }

  async run(command: Command, { stdin = '', environment }: RunOptions = {}): Promise<Output> {
    const { host, seconds, poll, pause, interrupted, now } = this.#options
    const begin = sh`umask 077;d=$(mktemp -d "\${TMPDIR:-/tmp}/skep-job-XXXXXXXX")||exit 1
printf %s ${command.text} >"$d/c";printf %s ${wrapper} >"$d/w";cat >"$d/i";unset SKEP_FRAME
$(command -v setsid) sh "$d/w" "$d" "$PWD" </dev/null >/dev/null 2>&1 & echo $! >"$d/p";printf %s "$d"`
    const job = (await this.#connection.run(begin, { stdin, ...(environment === undefined ? {} : { environment }) })).stdout
    if (poll === 0) {
      this.left = job
      return { code: 0, stdout: '', stderr: '', bytes: new Uint8Array() }
    }
    for (const deadline = now() + seconds * 1000; ; ) {
      const output = await this.#connection.probe(
        sh`d=${job};[ -e "$d/r" ]||exit 0;printf x;cat "$d/o";cat "$d/e" >&2;r=$(cat "$d/r");rm -rf "$d";exit "$r"`,
      )
      if (output.stdout !== '') return finished(host, command, output)
      if (now() >= deadline) break
      await pause(Math.min(poll * 1000, deadline - now()))
      if (interrupted()) throw new ConnectionLost(host, command.text, true, `the run was interrupted; it goes on as ${job}`)
    }
    await this.#connection.run(
      sh`d=${job};p=$(cat "$d/p");kill -s TERM -- "-$p" "$p" 2>/dev/null;sleep 1;kill -s KILL -- "-$p" "$p" 2>/dev/null;rm -rf "$d"`,
    )
    throw new CommandTimeout(host, command.text, seconds * 1000)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

/** The answer begins with one character of ours, which says that there is one. */
function finished(host: string, command: Command, { code, stderr, bytes }: Output): Output {
  const own = bytes.subarray(1)
  const output = { code, stdout: Buffer.from(own).toString(), stderr, bytes: own }
  if (code !== 0) throw new RemoteError(host, command.text, output)
  return output
}
