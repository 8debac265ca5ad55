import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import type { As, Command, Connection, Content, LocalFile, Output, ProbeOptions, RunOptions } from '../contract.ts'
import { CommandTimeout, ConnectionLost, OutputTooLarge, RemoteError, Unreachable } from '../errors.ts'
import { sh } from '../sh.ts'
import { aside, type Beside, counted, SourceError } from './aside.ts'
import { becoming } from './become.ts'
import { type Channel, type Limits, type Transport, within } from './channel.ts'
import { type Frame, frameScript, greeting, markReader, type Session } from './frames.ts'
import { bytesOf, isLocalFile, isStream, octal, variablesOf } from './given.ts'
import { killScript } from './kill.ts'
import { bytesSource, fileSource, push, Refused } from './transfer.ts'

/** How long a killed command, a closing shell or a second channel may take before the connection is given up. */
const graceMs = 10_000
/** Up to here stdin travels inside the frame; beyond, it goes over a channel of its own: some shells read their script byte by byte. */
const inlineBytes = 12 * 1024
/** From here on a file goes straight to where it is to lie, and can be taken up again. */
const pushBytes = 1024 * 1024

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

/**
 * Starts one `sh` over a transport and speaks frames with it: a Connection for whatever can start programs on a host. It does not wait
 * until the shell has answered: the first calls travel with the greeting, and are rejected with Unreachable if no shell is there.
 */
export async function openShell(name: string, transport: Transport, shell: string, limits: Limits): Promise<Connection> {
  const session: Session = { mark: `@skep:${randomBytes(16).toString('hex')}:`, tag: randomBytes(8).toString('hex') }
  const channel = await transport.open(`exec ${shell}`)
  return new Shell(name, transport, channel, shell, limits, session)
}

class Shell implements Connection {
  /** The session's directory on the host is known. */
  readonly #greeted: Promise<void>
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
  #known: number
  #longest: number
  #timer: NodeJS.Timeout | undefined
  /** Later calls wait for this: an earlier call is still carrying its bytes to the host. */
  #gate: Promise<void> | undefined
  /** The call that was sent last. */
  #last: Promise<unknown> = Promise.resolve()
  #lost: string | undefined
  /** Why there is no shell, before it greeted. */
  #unborn: Unreachable | undefined
  #closing: Promise<void> | undefined

  constructor(name: string, transport: Transport, channel: Channel, shell: string, limits: Limits, session: Session) {
    this.#name = name
    this.#transport = transport
    this.#channel = channel
    this.#shell = shell
    this.#limits = limits
    this.#session = session
    this.#known = channel.trips
    this.#longest = channel.trips + 1
    const greetings = new Set<string>()
    this.#greeted = new Promise((resolve, reject) => {
      const silent = `it did not answer within ${limits.connectMs} ms`
      const late = setTimeout(() => unborn(silent), limits.connectMs)
      const unborn = (why: string): void => {
        const heard = this.#noise.trim() === '' ? '' : `; it said: ${this.#noise.trim()}`
        this.#unborn = new Unreachable(`${name} let us in, but \`${shell}\` did not start there: ${why}${heard}`)
        reject(this.#unborn)
        this.#giveUp(why)
      }
      const greet = (stream: string, line: string): void => {
        const [, pid, directory] = /^h (\d+) (.*)$/.exec(line) ?? []
        if (pid !== undefined && directory !== undefined) {
          this.#pid = Number(pid)
          this.#directory = directory
        }
        greetings.add(stream)
        if (greetings.size < 2) return
        clearTimeout(late)
        this.#known = Math.max(this.#known, channel.trips + 1)
        resolve()
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
        clearTimeout(late)
        if (greetings.size < 2 && this.#lost === undefined) unborn(why)
        else this.#lose(why)
      })
    })
    this.#greeted.catch(() => undefined) // each call says it
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
    if (isLocalFile(content) || (content instanceof Uint8Array && content.length >= pushBytes)) return this.#push(path, to, content, mode)
    const form = `${posix.dirname(to)}/.skep-XXXXXXXX`
    const command = sh`umask 077;[ ! -d ${to} ]||{ echo ${to} is a directory >&2;exit 1;};t=$(mktemp ${form})||exit 1
trap 'rm -f "$t"' EXIT;trap 'exit 1' HUP INT TERM
cat >"$t"&&chmod ${octal(mode)} "$t"&&mv -f "$t" ${to}`
    const output = await this.#call(command, {}, isStream(content) ? content : bytesOf(content))
    if (output.code !== 0) throw new RemoteError(this.#name, `write ${path}`, output)
  }

  async #push(path: string, to: string, content: Uint8Array | LocalFile, mode: number): Promise<void> {
    const doing = `write ${path}`
    const arrive = async (before: Promise<void>): Promise<string> => {
      await before
      await this.#last.catch(() => undefined) // an earlier call may make the directory
      const source = isLocalFile(content) ? await fileSource(content) : bytesSource(content)
      return this.#beside(doing, 2, (beside) => push(beside, to, source))
    }
    const take = (part: string): Promise<Output> => {
      const command = sh`{ [ ! -d ${to} ]||{ echo ${to} is a directory >&2;false;};}&&chmod ${octal(mode)} ${part}&&mv -f ${part} ${to}||{ rm -f ${part};false;}`
      return this.#send(command.text, {}, this.#limits.commandMs, undefined)
    }
    const output = await this.#inTurn(arrive, take)
    if (output.code !== 0) throw new RemoteError(this.#name, doing, output)
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
    const stdin = async (): Promise<Stdin> => {
      if (bytes === undefined) return undefined
      return small ? { inline: bytes } : this.#stage(command.text, bytes)
    }
    return this.#inTurn(stdin, send)
  }

  /** Sends what has to be made ready first; later calls wait for it. */
  #inTurn<T>(ready: (before: Promise<void>) => Promise<T>, send: (made: T) => Promise<Output>): Promise<Output> {
    const before = this.#gate ?? Promise.resolve()
    const sent = Promise.all([ready(before), before]).then(([made]) => ({ output: send(made) }))
    const gate = Promise.allSettled([before, sent]).then(() => {
      if (this.#gate === gate) this.#gate = undefined
    })
    this.#gate = gate
    return sent.then(({ output }) => output)
  }

  #send(text: string, environment: Frame['environment'], timeoutMs: number, stdin: Stdin): Promise<Output> {
    if (this.#lost !== undefined) return Promise.reject(this.#gone(text, false, this.#lost))
    this.#numbers += 1
    const number = this.#numbers
    const depth = this.#known + 1
    this.#longest = Math.max(this.#longest, depth)
    const answer = new Promise<Output>((resolve, reject) => {
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
      this.#channel.stdin.write(frameScript(this.#session, { number, text, environment, stdin, limit: this.#limits.outputBytes }))
    })
    this.#last = answer
    return answer
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
    const kill = async (): Promise<string> => {
      await this.#greeted // before, there is nobody to kill and nowhere to look
      const script = killScript(this.#session, { number, all, shellPid: this.#pid, directory: this.#directory })
      return aside(this.#side(), script)
    }
    await within(graceMs, kill(), () => new Error('late'))
  }

  /** Brings bytes to a file in the session's directory over a channel of their own, so that no shell reads them as script. */
  async #stage(text: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Stdin> {
    this.#numbers += 1
    const name = `${this.#numbers}.i`
    const sent = { bytes: 0 }
    const [file, arrived] = await this.#beside(text, 1, async (beside) => {
      await this.#greeted
      const file = `${this.#directory}/${name}`
      const script = sh`umask 077;cat >${file};printf ${`${this.#session.mark}k %s\\n`} "$(wc -c <${file})"`
      return [file, await aside(beside, script.text, counted(bytes, sent))]
    })
    if (Number(arrived) !== sent.bytes)
      throw this.#gone(text, false, `of ${sent.bytes} bytes ${arrived.trim()} arrived (is the disk full?)`)
    return { file }
  }

  /** Something that is done over a channel of its own, in `trips` round trips after it is open. */
  async #beside<T>(doing: string, trips: number, work: (beside: Beside) => Promise<T>): Promise<T> {
    const before = this.#known
    const beside = this.#side()
    const open: Transport['open'] = async (program) => {
      const channel = await beside.transport.open(program)
      this.#longest = Math.max(this.#longest, before + channel.trips + trips)
      return channel
    }
    try {
      const made = await work({ ...beside, transport: { open, close: () => undefined } })
      this.#known = Math.max(this.#known, this.#longest)
      return made
    } catch (error) {
      if (error instanceof SourceError) throw error.cause ?? error
      if (error instanceof Refused) {
        const output = { code: 1, stdout: '', stderr: error.message, bytes: new Uint8Array() }
        throw new RemoteError(this.#name, doing, output)
      }
      throw error === this.#unborn ? error : this.#gone(doing, false, error instanceof Error ? error.message : String(error), error)
    }
  }

  #side(): Beside {
    return { transport: this.#transport, shell: this.#shell, mark: this.#session.mark, limits: this.#limits }
  }

  #giveUp(why: string): void {
    this.#lose(why)
    this.#channel.destroy()
    this.#transport.close()
  }

  #lose(why: string): void {
    this.#lost ??= why
    clearTimeout(this.#timer)
    for (const frame of this.#queue.splice(0)) frame.reject(this.#gone(frame.text, frame.started, this.#lost))
  }

  #gone(doing: string, started: boolean, why: string, cause?: unknown): Unreachable {
    return this.#unborn ?? new ConnectionLost(this.#name, doing, started, why, { cause })
  }
}
