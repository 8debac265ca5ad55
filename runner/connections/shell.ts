import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import type { As, Command, Connection, Content, Output, ProbeOptions, RunOptions } from '../contract.ts'
import { CommandTimeout, ConnectionLost, OutputTooLarge, RemoteError, Unreachable, UsageError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { sh } from '../sh.ts'
import { aside, counted, SourceError } from './aside.ts'
import { becoming } from './become.ts'
import { type Channel, type Limits, type Transport, within } from './channel.ts'
import { type Frame, frameScript, greeting, markReader, type Session } from './frames.ts'
import { killScript } from './kill.ts'

/** How long a killed command, a closing shell or a second channel may take before the connection is given up. */
const graceMs = 10_000
/** Up to here stdin travels inside the frame; beyond, it goes over a channel of its own: some shells read their script byte by byte. */
const inlineBytes = 12 * 1024

type Stdin = Frame['stdin']
interface Pending {
  readonly number: number
  readonly text: string
  /** The length of the chain of answers that it was sent after, and itself. */
  readonly depth: number
  readonly timeoutMs: number
  readonly stdout: Buffer[]
  readonly stderr: Buffer[]
  readonly size: { stdout: number; stderr: number }
  started: boolean
  late: boolean
  code: number | undefined
  /** Its end was seen on stderr. */
  quiet: boolean
  readonly resolve: (output: Output) => void
  readonly reject: (error: Error) => void
}

/** Starts one `sh` over a transport and speaks frames with it: a Connection for whatever can start programs on a host. */
export async function openShell(name: string, transport: Transport, shell: string, limits: Limits): Promise<Connection> {
  const session: Session = { mark: `@skep:${randomBytes(16).toString('hex')}:`, tag: randomBytes(8).toString('hex') }
  const channel = await transport.open(`exec ${shell}`)
  const open = new Shell(name, transport, channel, shell, limits, session)
  await open.greeted.catch((error: unknown) => {
    channel.destroy()
    throw error
  })
  return open
}

class Shell implements Connection {
  readonly greeted: Promise<void>
  readonly #name: string
  readonly #transport: Transport
  readonly #channel: Channel
  readonly #shell: string
  readonly #limits: Limits
  readonly #session: Session
  /** Sent and not yet answered, oldest first. The host works on the first. */
  readonly #queue: Pending[] = []
  #pid = 0
  #directory = ''
  #noise = ''
  #numbers = 0
  /** Of the longest chain that has been answered, and of the longest that was sent. */
  #known = 0
  #longest = 0
  #timer: NodeJS.Timeout | undefined
  /** Later calls wait for this: an earlier call is still carrying its bytes to the host. */
  #gate: Promise<void> | undefined
  #lost: string | undefined
  #closing: Promise<void> | undefined

  constructor(name: string, transport: Transport, channel: Channel, shell: string, limits: Limits, session: Session) {
    this.#name = name
    this.#transport = transport
    this.#channel = channel
    this.#shell = shell
    this.#limits = limits
    this.#session = session
    const greetings = new Set<string>()
    this.greeted = new Promise((resolve, reject) => {
      const greet = (stream: string, line: string): void => {
        const [, pid, directory] = /^h (\d+) (.*)$/.exec(line) ?? []
        if (pid !== undefined && directory !== undefined) {
          this.#pid = Number(pid)
          this.#directory = directory
        }
        greetings.add(stream)
        if (greetings.size === 2) resolve()
      }
      const noise = (part: Buffer): void => {
        this.#noise = (this.#noise + part.toString()).slice(-500)
      }
      const listen = (stream: 'stdout' | 'stderr'): void => {
        const read = markReader(session.mark, {
          bytes: (part) => {
            if (greetings.has(stream)) this.#data(stream, part)
          },
          mark: (line) => (greetings.has(stream) ? this.#marked(stream, line) : greet(stream, line)),
        })
        channel[stream].on('data', (chunk: Buffer) => {
          if (!greetings.has(stream)) noise(chunk)
          read(chunk)
        })
        channel[stream].on('error', () => undefined)
      }
      listen('stdout')
      listen('stderr')
      channel.closed.then((why) => {
        const heard = this.#noise.trim() === '' ? '' : `; it said: ${this.#noise.trim()}`
        reject(new Unreachable(`${name} let us in, but \`${shell}\` did not start there: ${why}${heard}`))
        this.#lose(why)
      })
    })
    channel.stdin.on('error', () => undefined)
    channel.stdin.write(greeting(session))
  }

  async probe(command: Command, options: ProbeOptions = {}): Promise<Output> {
    return this.#call(command, options, undefined)
  }

  async run(command: Command, options: RunOptions = {}): Promise<Output> {
    const { stdin } = options
    const output = await this.#call(command, options, stdin === undefined ? undefined : bytesOf(stdin))
    if (output.code !== 0) throw new RemoteError(this.#name, command.text, output)
    return output
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const command = sh`LC_ALL=C cat -- ${path}`
    const output = await this.#call(command, {}, undefined)
    if (output.code === 0) return output.bytes
    if (/No such file or directory|Not a directory/.test(output.stderr)) return undefined
    throw new RemoteError(this.#name, command.text, output)
  }

  async write(path: string, content: Content, mode: number): Promise<void> {
    const to = path.startsWith('-') ? `./${path}` : path
    const form = `${posix.dirname(to)}/.skep-XXXXXXXX`
    const command = sh`umask 077;[ ! -d ${to} ]||{ echo ${to} is a directory >&2;exit 1;};t=$(mktemp ${form})||exit 1
trap 'rm -f "$t"' EXIT;trap 'exit 1' HUP INT TERM
cat >"$t"&&chmod ${mode.toString(8).padStart(4, '0')} "$t"&&mv -f "$t" ${to}`
    const source = typeof content === 'object' && Symbol.asyncIterator in content ? content : bytesOf(content)
    const output = await this.#call(command, {}, source)
    if (output.code !== 0) throw new RemoteError(this.#name, `write ${path}`, output)
  }

  as(user: As): Promise<Connection> {
    return openShell(this.#name, becoming(this.#name, this.#transport, user, this.#limits), this.#shell, this.#limits)
  }

  roundTrips(): number {
    return this.#longest
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const running = this.#lost === undefined ? this.#queue[0] : undefined
    this.#lose('it was closed')
    if (running !== undefined) await this.#kill(running, true).catch(() => undefined)
    this.#channel.stdin.end()
    await within(2_000, this.#channel.closed, () => new Error('late')).catch(() => this.#channel.destroy())
    this.#transport.close()
  }

  /** Keeps the order of calls: a call that has to stage its bytes first makes the later ones wait. */
  #call(command: Command, options: ProbeOptions, bytes: Uint8Array | AsyncIterable<Uint8Array> | undefined): Promise<Output> {
    const environment = variablesOf(options.environment ?? {})
    const send = (stdin: Stdin): Promise<Output> =>
      this.#send(command.text, environment, options.timeoutMs ?? this.#limits.commandMs, stdin)
    const small = bytes === undefined || (bytes instanceof Uint8Array && bytes.length <= inlineBytes)
    if (small && this.#gate === undefined) return send(bytes === undefined ? undefined : { inline: bytes })
    const before = this.#gate ?? Promise.resolve()
    const staged: Promise<Stdin> = small
      ? Promise.resolve(bytes === undefined ? undefined : { inline: bytes })
      : this.#stage(command.text, bytes)
    const sent = Promise.all([staged, before]).then(([stdin]) => ({ output: send(stdin) }))
    const gate = Promise.allSettled([before, sent]).then(() => {
      if (this.#gate === gate) this.#gate = undefined
    })
    this.#gate = gate
    return sent.then(({ output }) => output)
  }

  #send(text: string, environment: Frame['environment'], timeoutMs: number, stdin: Stdin): Promise<Output> {
    if (this.#lost !== undefined) return Promise.reject(new ConnectionLost(this.#name, text, false, this.#lost))
    this.#numbers += 1
    const number = this.#numbers
    const depth = this.#known + 1
    this.#longest = Math.max(this.#longest, depth)
    return new Promise((resolve, reject) => {
      const size = { stdout: 0, stderr: 0 }
      this.#queue.push({
        number,
        text,
        depth,
        timeoutMs,
        stdout: [],
        stderr: [],
        size,
        started: false,
        late: false,
        code: undefined,
        quiet: false,
        resolve,
        reject,
      })
      if (this.#queue.length === 1) this.#expectStart()
      const frame = { number, text, environment, directory: this.#directory, stdin, limit: this.#limits.outputBytes }
      this.#channel.stdin.write(frameScript(this.#session, frame))
    })
  }

  #data(stream: 'stdout' | 'stderr', part: Buffer): void {
    const frame = this.#queue.find((pending) => (stream === 'stderr' ? !pending.quiet : pending.code === undefined))
    if (frame === undefined) return
    frame[stream].push(part)
    frame.size[stream] += part.length
    // The host cuts at the limit; one that does not is not speaking our language.
    if (frame.size[stream] > this.#limits.outputBytes + 65_536) this.#giveUp('it sent more than it was asked for')
  }

  #marked(stream: 'stdout' | 'stderr', line: string): void {
    const [kind, number, code] = line.split(' ')
    const frame = this.#queue.find((pending) => pending.number === Number(number))
    if (frame === undefined) {
      this.#giveUp(`it answered out of turn (${line.slice(0, 40)})`)
      return
    }
    if (kind === 's') {
      frame.started = true
      if (frame === this.#queue[0]) this.#expectEnd(frame)
    } else if (stream === 'stdout') frame.code = Number(code)
    else frame.quiet = true
    this.#settle()
  }

  /** Answers every frame at the head of the queue whose end was seen on both streams. */
  #settle(): void {
    for (;;) {
      const frame = this.#queue[0]
      if (frame?.code === undefined || !frame.quiet) return
      this.#queue.shift()
      this.#answer(frame, frame.code)
      const next = this.#queue[0]
      if (next === undefined) clearTimeout(this.#timer)
      else if (next.started) this.#expectEnd(next)
      else this.#expectStart()
    }
  }

  #answer(frame: Pending, code: number): void {
    this.#known = Math.max(this.#known, frame.depth)
    const limit = this.#limits.outputBytes
    if (frame.late) frame.reject(new CommandTimeout(this.#name, frame.text, frame.timeoutMs))
    else if (frame.size.stdout > limit || frame.size.stderr > limit) frame.reject(new OutputTooLarge(this.#name, frame.text, limit))
    else {
      const bytes = Buffer.concat(frame.stdout)
      frame.resolve({ code, stdout: bytes.toString(), stderr: Buffer.concat(frame.stderr).toString(), bytes })
    }
  }

  #expectStart(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#giveUp(`no answer for ${this.#limits.idleMs} ms`), this.#limits.idleMs)
  }

  #expectEnd(frame: Pending): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      frame.late = true
      this.#timer = setTimeout(() => this.#giveUp('a command that was killed did not end'), graceMs)
      this.#kill(frame, false).catch(() => undefined) // the timer above has the last word
    }, frame.timeoutMs)
  }

  async #kill({ number }: Pending, all: boolean): Promise<void> {
    const script = killScript(this.#session, { number, all, shellPid: this.#pid, directory: this.#directory })
    await within(graceMs, this.#aside(script, undefined), () => new Error('late'))
  }

  /** Brings bytes to a file in the session's directory over a channel of their own, so that no shell reads them as script. */
  async #stage(text: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Stdin> {
    this.#numbers += 1
    const file = `${this.#directory}/${this.#numbers}.i`
    const script = sh`umask 077;cat >${file};printf ${`${this.#session.mark}k %s\\n`} "$(wc -c <${file})"`
    const sent = { bytes: 0 }
    // One to open the channel, one for the bytes.
    const depth = this.#known + 2
    this.#longest = Math.max(this.#longest, depth)
    const arrived = await this.#aside(script.text, counted(bytes, sent)).catch((error: unknown) => {
      if (error instanceof SourceError) throw error.cause
      throw new ConnectionLost(this.#name, text, false, error instanceof Error ? error.message : String(error), { cause: error })
    })
    this.#known = Math.max(this.#known, depth)
    if (Number(arrived) !== sent.bytes) {
      throw new ConnectionLost(this.#name, text, false, `of ${sent.bytes} bytes ${arrived.trim()} arrived (is the disk full?)`)
    }
    return { file }
  }

  #aside(script: string, feed: AsyncIterable<Uint8Array> | undefined): Promise<string> {
    return aside({ transport: this.#transport, shell: this.#shell, mark: this.#session.mark, limits: this.#limits }, script, feed)
  }

  #giveUp(why: string): void {
    this.#lose(why)
    this.#channel.destroy()
    this.#transport.close()
  }

  #lose(why: string): void {
    this.#lost ??= why
    clearTimeout(this.#timer)
    for (const frame of this.#queue.splice(0)) frame.reject(new ConnectionLost(this.#name, frame.text, frame.started, this.#lost))
  }
}

function bytesOf(content: string | Uint8Array | Secret): Uint8Array {
  return content instanceof Uint8Array ? content : Buffer.from(content instanceof Secret ? content.reveal() : content)
}

function variablesOf(environment: Readonly<Record<string, string | Secret>>): Frame['environment'] {
  const wrong = Object.keys(environment).find((name) => !/^[A-Za-z_]\w*$/.test(name))
  if (wrong !== undefined) throw new UsageError(`environment: expected names like HTTP_PROXY, got '${wrong}'`)
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]))
}
