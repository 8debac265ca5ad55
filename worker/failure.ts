import type { FailureClass } from '../custody/messages.ts'

/** The sample has no result, and another attempt would not change that. */
export class SampleFailure extends Error {
  override readonly name = 'SampleFailure'
  readonly failure: FailureClass
  constructor(failure: FailureClass, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

/** This attempt came to nothing; another may be made. Its words hold no name and no data. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
}
