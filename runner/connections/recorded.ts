/** A transcript of all that was done on hosts, for whoever has to audit it. */
import { createHash } from 'node:crypto'
import type { As, Connection, Connector, Content, Host, Output } from '../contract.ts'
import { clean } from '../errors.ts'
import { type Redact, redactor, Secret, secretsIn } from '../secret.ts'
import { isLocalFile, isStream } from './given.ts'

/** One call and how it ended. It is JSON, and holds no secret that went through the connection or that `redact` knows. */
export interface Entry {
  /** When the call was made: milliseconds since 1970. */
  readonly at: number
  readonly ms: number
  readonly host: string
  /** Whom the command ran as, where that is not whoever logged in. */
  readonly as?: string
  readonly call: 'connect' | 'probe' | 'run' | 'read' | 'write' | 'as' | 'close'
  /** The command, or the path. */
  readonly what?: string
  readonly mode?: string
  /** Of bytes that went to the host or came from a file there: how many, and which, where that tells nothing of a secret. */
  readonly bytes?: { readonly size?: number; readonly sha256?: string }
  /** Names of variables that the command was given. */
  readonly environment?: readonly string[]
  readonly code?: number
  readonly stdout?: string
  readonly stderr?: string
  readonly error?: string
}

export interface Recorder {
  record(entry: Entry): void
  /** Takes out secrets that only others know of. */
  readonly redact?: Redact
  readonly now: () => number
}

/** Of each output so much is kept; what follows is counted. */
const keptCharacters = 64 * 1024

/** The same connections; each call is recorded once it has ended. */
export function recordedConnector(connector: Connector, recorder: Recorder): Connector {
  return {
    connect: async (host, signal) => {
      const script = new Transcript(recorder, host)
      const connection = await script.add({ call: 'connect' }, () => connector.connect(host, signal))
      return recorded(connection, script)
    },
  }
}

type About = Pick<Entry, 'call' | 'what' | 'mode' | 'bytes' | 'environment'>

/** All that a host's connections were given so far: a command may say later what it was told before. */
class Kept {
  readonly #secrets: Set<Secret>
  #redact: Redact | undefined

  constructor(host: Host) {
    this.#secrets = new Set(secretsIn(host))
  }

  keep(given: unknown): void {
    for (const secret of secretsIn([given])) {
      if (!this.#secrets.has(secret)) this.#redact = undefined
      this.#secrets.add(secret)
    }
  }

  get redact(): Redact {
    this.#redact ??= redactor(this.#secrets)
    return this.#redact
  }
}

class Transcript {
  readonly #recorder: Recorder
  readonly #host: Host
  readonly #kept: Kept
  readonly #as: string | undefined

  constructor(recorder: Recorder, host: Host, kept = new Kept(host), as?: string) {
    this.#recorder = recorder
    this.#host = host
    this.#kept = kept
    this.#as = as
  }

  of({ user, ...rest }: As): Transcript {
    this.keep(rest)
    return new Transcript(this.#recorder, this.#host, this.#kept, user)
  }

  keep(given: unknown): void {
    this.#kept.keep(given)
  }

  async add<T>(about: About, work: () => Promise<T>, result?: (value: T) => Partial<Entry>): Promise<T> {
    const { now } = this.#recorder
    const at = now()
    const end = (found: Partial<Entry>): void => this.#write({ at, ms: now() - at, host: this.#host.name, ...about, ...found })
    try {
      const value = await work()
      end(result?.(value) ?? {})
      return value
    } catch (error) {
      end({ error: error instanceof Error ? error.message : String(error) })
      throw error
    }
  }

  #write(entry: Entry): void {
    const { redact: also = (text: string) => text } = this.#recorder
    const as = this.#as === undefined ? {} : { as: this.#as }
    this.#recorder.record(clean({ ...entry, ...as }, (text) => also(this.#kept.redact(text))))
  }
}

function recorded(connection: Connection, script: Transcript): Connection {
  return {
    probe: (command, options) => {
      script.keep(options)
      const about: About = { call: 'probe', what: command.text, ...names(options?.environment) }
      return script.add(about, () => connection.probe(command, options), said)
    },
    run: (command, options) => {
      script.keep(options)
      const about: About = { call: 'run', what: command.text, ...names(options?.environment), ...sent(options?.stdin) }
      return script.add(about, () => connection.run(command, options), said)
    },
    read: (path) =>
      script.add(
        { call: 'read', what: path },
        () => connection.read(path),
        (bytes) => (bytes === undefined ? {} : { bytes: { size: bytes.length, sha256: digest(bytes) } }),
      ),
    write: (path, content, mode) => {
      script.keep(content)
      const about: About = { call: 'write', what: path, mode: mode.toString(8).padStart(4, '0'), ...sent(content) }
      return script.add(about, () => connection.write(path, content, mode))
    },
    async as(user) {
      const theirs = script.of(user)
      const become = connection.as?.bind(connection)
      if (become === undefined) throw new TypeError('this connection cannot become another user')
      return recorded(await theirs.add({ call: 'as', what: user.method }, () => become(user)), theirs)
    },
    roundTrips: () => connection.roundTrips?.() ?? 0,
    close: () => script.add({ call: 'close' }, () => connection.close()),
  }
}

const names = (environment: object | undefined): Pick<Entry, 'environment'> =>
  environment === undefined ? {} : { environment: Object.keys(environment) }

function sent(content: Content | undefined): Pick<Entry, 'bytes'> {
  if (content === undefined) return {}
  if (content instanceof Secret || isStream(content) || isLocalFile(content)) return { bytes: {} }
  const bytes = Buffer.from(content)
  return { bytes: { size: bytes.length, sha256: digest(bytes) } }
}

const said = ({ code, stdout, stderr }: Output): Partial<Entry> => ({ code, stdout: clipped(stdout), stderr: clipped(stderr) })

const clipped = (text: string): string =>
  text.length <= keptCharacters ? text : `${text.slice(0, keptCharacters)}… (${text.length - keptCharacters} more characters)`

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
