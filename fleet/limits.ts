/** The numbers that bound a fleet. All times in milliseconds. */
export interface Limits {
  /** Workers that exist at once, consolidation's and dying ones included. */
  readonly workers: number
  /** Attempts that may end by a fault before a job is FAILED. */
  readonly faults: number
  /** From LAUNCHING to LAUNCHED: the launch call repeated. */
  readonly launchMs: number
  /** From LAUNCHED to LOCKED: boot, configure, shut the door. */
  readonly configureMs: number
  /** From LOCKED to KEYED. */
  readonly keyMs: number
  /** The job itself, from KEYED to UPLOADED. */
  readonly jobMs: number
  /** The pipeline alone. So much less than `jobMs` that the worker can still say that it took too long. */
  readonly pipelineMs: number
  /** Any worker's age. The worker's own timer has the same limit, so that it holds when no agent lives. */
  readonly lifetimeMs: number
  /** How often a worker says that it lives, and after how long without a word it is suspected. */
  readonly beatMs: number
  readonly silentMs: number
  /** A suspect is looked at once more after this long, and spared if it spoke. */
  readonly graceMs: number
  /** The loop looks at least this often, doorbell or not. */
  readonly tickMs: number
  /** RunInstances: burst and refill a second of the account's own limit. */
  readonly launchBurst: number
  readonly launchesPerSecond: number
  /** One sample, encrypted. Larger ones are refused at intake, by size alone. */
  readonly maxSampleBytes: number
}

/** For one machine, where a worker boots in a second. */
export const localLimits: Limits = {
  workers: 5,
  faults: 3,
  launchMs: 60_000,
  configureMs: 90_000,
  keyMs: 90_000,
  jobMs: 600_000,
  pipelineMs: 480_000,
  lifetimeMs: 900_000,
  beatMs: 1_000,
  silentMs: 20_000,
  graceMs: 3_000,
  tickMs: 1_000,
  launchBurst: 5,
  launchesPerSecond: 2,
  maxSampleBytes: 256 * 1024 * 1024,
}
