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
  /** For this command only; never in an argument list. */
  readonly environment?: Readonly<Record<string, string | Secret>>
  /** Milliseconds from the moment the host said that the command started. Default: the connection's. */
  readonly timeoutMs?: number
}

export interface RunOptions extends ProbeOptions {
  /** Any bytes of any size. Nothing of it is ever in an argument list. */
  readonly stdin?: string | Uint8Array | Secret
}

export type Content = string | Uint8Array | Secret | AsyncIterable<Uint8Array> | LocalFile

/** A file of this machine. Sending it can be taken up again where the link broke. */
export interface LocalFile {
  readonly file: string
}

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
  /** Another user on the same host: a second shell over the same link, to be closed too. Rejects with BecomeRefused. */
  as?(user: As): Promise<Connection>
  /**
   * Round trips since the login: the length of the longest chain of requests of which each was sent after the answer to the one
   * before it. Requests sent without waiting for each other count one together; opening the shell counts, packets that only make room do not.
   */
  roundTrips?(): number
  /** Ends what still runs and lets go of the host. Never rejects; may be called again. */
  close(): Promise<void>
}

/** Whom to become, and how. The password goes through the channel, never into an argument list. */
export interface As {
  readonly user: string
  readonly method: 'sudo' | 'su'
  readonly password?: Secret
}

export interface Connector {
  /** Rejects with Unreachable, or HostKeyMismatch where somebody else answers. */
  connect(host: Host, signal: AbortSignal): Promise<Connection>
}

export interface SshAddress {
  readonly kind: 'ssh'
  readonly host: string
  /** Default: 22, or what ssh_config says of the host. */
  readonly port?: number
  /** Default: whoever runs Skep, or what ssh_config says of the host. */
  readonly user?: string
  /** OpenSSH PEM. */
  readonly privateKey?: Secret
  readonly privateKeyFile?: string
  /** The pin: `ssh-ed25519 AAAA…`. It wins over known hosts. */
  readonly hostKey?: string
  /** Hosts to go through, as after `ssh -J`: `ops@bastion:2222,second`. */
  readonly proxyJump?: string
}

interface LocalAddress {
  readonly kind: 'local'
  readonly cwd?: string
}

/** A host that an inventory knows and Skep cannot reach. It may be listed; whoever wants to run on it is told why not. */
interface NoAddress {
  readonly kind: 'none'
  readonly why: string
}

export interface Host {
  readonly name: string
  readonly vars: Readonly<Record<string, Plain | Secret>>
  /** Where each of `vars` was set: `group_vars/web.yml:3`. */
  readonly origins?: Readonly<Record<string, string>>
  readonly groups?: readonly string[]
  readonly connection: SshAddress | LocalAddress | NoAddress
  /** Hosts with the same one are one machine and take turns. Default: the address. */
  readonly machine?: string
  /** What the inventory says of becoming; plays, blocks and tasks are nearer. */
  readonly become?: Become
  /** Whom, and how, wherever something says to become and not whom. */
  readonly becomeAs?: Partial<Pick<As, 'user' | 'method'>>
  /** Used wherever a task of this host becomes a user and nothing nearer gives a password. */
  readonly becomePassword?: Secret
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

/** How a task becomes another user. True: as inherited, otherwise root by sudo. An object: the same with these changes. False: not. */
export type Become = boolean | { readonly user?: string; readonly method?: 'sudo' | 'su'; readonly password?: Secret }

/** What a play or a block gives to all that is in it. The nearest wins; `tags` add up, `environment` is merged, `when` must hold everywhere. */
export interface Inherited {
  /** False: skipped. Pure; what depends on what an earlier task found is a `decide` step. */
  readonly when?: boolean
  /** `always` and `never` are special, as in Ansible. */
  readonly tags?: readonly string[]
  /** The host goes on after a failure. */
  readonly ignoreErrors?: boolean
  /** The host goes on after it could not be reached: the next task connects anew. */
  readonly ignoreUnreachable?: boolean
  /** A failure on one host ends the play for all, once they have finished this task. */
  readonly anyErrorsFatal?: boolean
  /** The first host of the batch runs it; what it ended with goes to all. */
  readonly runOnce?: boolean
  /** The name of the host to run it on instead. */
  readonly delegateTo?: string
  /** How many hosts run it at once, at most. */
  readonly throttle?: number
  readonly become?: Become
  /** Variables for every command of the task. */
  readonly environment?: Readonly<Record<string, string | Secret>>
  /** Nothing of its states, values and errors is shown. */
  readonly noLog?: boolean
}

export interface TaskOptions extends Inherited {
  /** Handlers to run at the next flush if this one changed something: tasks, or titles and topics of the play's `handlers`. */
  readonly notify?: Task | string | readonly (Task | string)[]
  /** Topics that this handler listens to beside its title. */
  readonly listen?: string | readonly string[]
  /** Tried again until it holds, `retries` times at most, `delay` seconds apart. A failure counts as not yet. */
  readonly until?: (result: Result) => boolean
  /** Default: 3. Without `until`: tried again while it fails. */
  readonly retries?: number
  /** Seconds. Default: 5. */
  readonly delay?: number
}

export interface ActionOptions extends TaskOptions {
  /** Whether what it returned means a change. Default: always. */
  readonly changedWhen?: (returned: Returned) => boolean
  /** Whether what it returned means a failure, in place of its own judgement. */
  readonly failedWhen?: (returned: Returned) => boolean
  /** Seconds that its command may take, detached from the connection. */
  readonly async?: number
  /** Seconds between two looks at a detached command. Default: 15. 0: it is started and left; `returned.jobId` names it. */
  readonly poll?: number
}

/** What a task ended with on a host. */
export interface Result {
  readonly changed: boolean
  readonly failed: boolean
  /** Also for a task that the host never came to. */
  readonly skipped: boolean
  /** Check mode cannot tell. */
  readonly unknown: boolean
  readonly msg?: string
  readonly returned: Returned
}

/** What the engine sees of a module: parameters already valid, types closed over. */
export interface Task {
  readonly kind: 'task'
  readonly title: string
  readonly module: string
  readonly options: ActionOptions
  /** `file:line` of the call that made it. */
  readonly where: string
  /** Tasks count up as they are made: the order of handlers that are in no play's `handlers`. */
  readonly order: number
  readonly secrets: readonly Secret[]
  /** An action that does not foresee: outside check mode it will run. */
  readonly acts: boolean
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
