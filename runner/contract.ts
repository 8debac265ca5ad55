/**
 * What the parts of the runner know of each other. Modules see this and `define`, `sh`, `errors`, `secret` beside it,
 * and nothing else of ours; so does every connection, the engine, every report and every inventory.
 */
import type { StandardSchemaV1 as Schema } from '@standard-schema/spec'
import type { Secret } from './secret.ts'

export type { Schema }
/** A schema's value once it is validated. */
export type Out<S extends Schema> = Schema.InferOutput<S>
/** What may be given to a schema. */
export type In<S extends Schema> = Schema.InferInput<S>

/** What a module knows of a machine: data that can be compared, printed and sent over a wire. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }
/** Values shown with a task's result, under Ansible's names. */
export type Returned = { readonly [key: string]: Plain }

// ------------------------------------------------------------------------------------------------------ reaching a host

/** A command built by the `sh` tag, which quotes what it interpolates. A bare string does not fit. */
export interface Command {
  readonly text: string
  readonly quoted: true
}

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** stdout as it came; `stdout` is its reading as UTF-8. */
  readonly bytes: Uint8Array
}

export interface ProbeOptions {
  /** Milliseconds from the moment the host said that the command started. Default: the connection's. */
  readonly timeoutMs?: number
}

export interface RunOptions extends ProbeOptions {
  /** Any bytes of any size. Nothing of it is ever in an argument list. */
  readonly stdin?: string | Uint8Array | Secret
}

export type Content = string | Uint8Array | Secret | AsyncIterable<Uint8Array>

/** Looking at a machine: all that `check` is given. */
export interface Reader {
  /** For commands that change nothing. Resolves whatever the exit code. */
  probe(command: Command, options?: ProbeOptions): Promise<Output>
  /** A file's bytes; undefined: no such file. */
  read(path: string): Promise<Uint8Array | undefined>
}

/**
 * The one door through which every effect on a host passes. Transports implement it, decorators wrap it. Calls may be
 * made without waiting for earlier ones; they take effect in the order they were made.
 */
export interface Connection extends Reader {
  /** Rejects with RemoteError on a non-zero exit, CommandTimeout, OutputTooLarge, ConnectionLost. */
  run(command: Command, options?: RunOptions): Promise<Output>
  /** Replaces the file at once or not at all; `mode` holds before the content can be seen. The directory must be there. */
  write(path: string, content: Content, mode: number): Promise<void>
  /** Ends what still runs and lets go of the host. Never rejects; may be called again. */
  close(): Promise<void>
}

export interface Connector {
  /** Rejects with Unreachable, or HostKeyMismatch where somebody else answers. */
  connect(host: Host, signal: AbortSignal): Promise<Connection>
}

export interface SshAddress {
  readonly kind: 'ssh'
  readonly host: string
  readonly port: number
  readonly user: string
  /** OpenSSH PEM. */
  readonly privateKey: Secret
  /** The pin: `ssh-ed25519 AAAA…`. There is no trust on first use. */
  readonly hostKey: string
}

interface LocalAddress {
  readonly kind: 'local'
  readonly cwd?: string
}

export interface Host {
  readonly name: string
  readonly vars: Readonly<Record<string, Plain | Secret>>
  readonly groups?: readonly string[]
  readonly connection: SshAddress | LocalAddress
}

// -------------------------------------------------------------------------------------------------- modules and actions

/** The unit of extension: see what is, say what should be, make it so. */
export interface Module<P extends Schema, S extends Plain> {
  readonly name: string
  readonly params: P
  /** Looks only. */
  readonly check: (params: Out<P>, host: Reader) => Promise<S> // a property: a method's parameters would be compared less strictly
  /** Pure. "Don't care" is said by echoing `now`. Throws TaskFailed where there is no way from `now`. */
  want(params: Out<P>, now: S): NoInfer<S>
  /** Called only when `now` differs from `want`; must reach `want`; may be called again after a failure. */
  // biome-ignore lint/suspicious/noConfusingVoidType: an apply that shows nothing need not say so
  apply(change: Change<Out<P>, S>, host: Connection): Promise<Returned | void>
  /** Values to show of a state, under Ansible's names. */
  show?(params: Out<P>, state: S): Returned
}

interface Change<P, S> {
  readonly params: P
  readonly now: S
  readonly want: S
}

/** What has no state to compare: a restart, a plain command. */
export interface Action<P extends Schema> {
  readonly name: string
  readonly params: P
  /** Looks only, right before `run` and in check mode. Without it the action always runs and always changes. */
  readonly foresee?: (params: Out<P>, host: Reader) => Promise<Foresight>
  // biome-ignore lint/suspicious/noConfusingVoidType: an action that shows nothing need not say so
  run(params: Out<P>, host: Connection): Promise<Returned | void>
}

/** `stay`: nothing to do. `change`: it will run and change. `run`: it will run; only then one knows what that changes. */
interface Foresight {
  readonly will: 'stay' | 'change' | 'run'
  readonly msg?: string
}

export interface TaskOptions {
  /** Handlers to run after the tasks if this one changed something: each once, in the order they were defined. */
  readonly notify?: Task | readonly Task[]
  /** False: skipped. Pure; what depends on what an earlier task found is another matter. */
  readonly when?: boolean
  /** The host goes on after a failure of this task. */
  readonly ignoreErrors?: boolean
  /** Nothing of this task's states, values and errors is shown. */
  readonly noLog?: boolean
}

export interface ActionOptions extends TaskOptions {
  /** Whether what it returned means a change. Default: always. */
  readonly changedWhen?: (returned: Returned) => boolean
}

/** What the engine sees of a module: parameters already valid, types closed over. */
export interface Task {
  readonly title: string
  readonly module: string
  readonly options: TaskOptions
  /** `file:line` of the call that made it. */
  readonly where: string
  /** Tasks count up as they are made: the definition order of handlers. */
  readonly order: number
  readonly secrets: readonly Secret[]
  plan(host: Reader): Promise<Plan>
}

export interface Plan {
  readonly now: Plain
  readonly want: Plain
  /** Computed from the two above, never claimed by the module. */
  readonly changes: boolean
  /** Set for an action that alone knows what it changes: check mode says so and no more. */
  readonly untold: boolean
  readonly msg?: string
  /** What to show when nothing is applied. */
  readonly shows: Returned
  apply(host: Connection): Promise<Applied>
}

export interface Applied {
  readonly changed: boolean
  readonly returned: Returned
}

// ------------------------------------------------------------------------------------------------------------ playbooks

/** Data and one pure function: a playbook sees inventory and variables, never a live machine. */
export interface Playbook<V extends Schema = Schema> {
  readonly title: string
  /** Names, globs and groups, as after `-l`: `all`, `web*,!web3`. */
  readonly hosts: string
  readonly vars: V
  tasks(given: { readonly host: Host; readonly vars: Out<V> }): readonly Task[]
}

// --------------------------------------------------------------------------------------------------------------- events

/** Counts of one host. `ok` counts every task that succeeded, those that changed something too, as Ansible does. */
export interface Counts {
  readonly ok: number
  readonly changed: number
  readonly failed: number
  readonly skipped: number
  readonly unknown: number
  readonly unreachable: number
  readonly ignored: number
}

/** The engine's whole voice, with all secrets taken out. Renderers, journals and tests listen to this and to nothing else. */
export type Report = (event: RunEvent) => void

/** Each task on a host begins with `taskStarted` and ends with one of `ok`, `skipped`, `unknown`, `failed`, `unreachable`. */
export type RunEvent = { readonly at: number } & (
  | { readonly type: 'playStarted'; readonly play: string; readonly hosts: readonly string[]; readonly mode: 'apply' | 'check' }
  | { readonly type: 'hostStarted'; readonly host: string; readonly tasks: number }
  | { readonly type: 'hostUnreachable'; readonly host: string; readonly error: Error }
  | { readonly type: 'hostEnded'; readonly host: string; readonly counts: Counts }
  | ({ readonly host: string; readonly task: string; readonly module: string; readonly handler: boolean } & TaskEvent)
  | { readonly type: 'summary'; readonly hosts: Readonly<Record<string, Counts>>; readonly interrupted: boolean; readonly ms: number }
)

export type TaskEvent =
  | { readonly type: 'taskStarted' }
  | { readonly type: 'planned'; readonly now: Plain; readonly want: Plain; readonly changes: boolean }
  | { readonly type: 'applied'; readonly ms: number }
  | { readonly type: 'notified'; readonly handlerTitle: string }
  | { readonly type: 'ok'; readonly changed: boolean; readonly msg?: string; readonly returned: Returned; readonly ms: number }
  | { readonly type: 'skipped' | 'unknown'; readonly msg: string; readonly ms: number }
  | { readonly type: 'failed'; readonly error: Error; readonly ignored: boolean; readonly returned: Returned; readonly ms: number }
  | { readonly type: 'unreachable'; readonly error: Error; readonly ms: number }
