import type { Report } from '../events.ts'

/** A listener of the engine's events. */
export interface Reporter {
  readonly report: Report
  /** Resolves when all that was reported is shown. */
  end(): Promise<void>
}

export interface ReporterOptions {
  /** Show what would change, field by field. */
  readonly diff: boolean
  /** Show the values that tasks return. */
  readonly verbose: boolean
}
