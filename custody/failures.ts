/** What a failure means: in words for the data owner, and for the worker that was refused a key. */
import { CloudError } from '../cloud/ports.ts'
import type { FailureClass, RefusalCode } from './messages.ts'
import { PgpError } from './pgp-packets.ts'

export interface Explanation {
  readonly happened: string
  readonly todo: string
}

const explanations: Record<FailureClass, Explanation> = {
  empty: {
    happened: 'The uploaded file has no content.',
    todo: 'Look whether the file on your side is complete, encrypt it again and upload it in a new run.',
  },
  'too-large': {
    happened: 'The file is larger than a worker may take in, packed or unpacked.',
    todo: 'Split the file into smaller samples, or ask the operator for a larger limit, and upload in a new run.',
  },
  'not-pgp': {
    happened: 'The uploaded file is not a message encrypted with OpenPGP (gpg) to a public key, in its binary form.',
    todo: 'Submit it with `skep submit`, or encrypt it with gpg to the exported public key and use `skep submit --encrypted`.',
  },
  'wrong-key': {
    happened: 'The file is encrypted, but not to the key of this environment, so nobody here can open it.',
    todo: 'Get the public key with `skep key export`, encrypt the file to that key and upload it in a new run.',
  },
  tampered: {
    happened: 'The file was changed or cut after it was encrypted: its protection against change does not hold. None of it was used.',
    todo: 'Upload the file once more in a new run. If it happens again, tell the operator: somebody may be altering your uploads.',
  },
  'owner-unknown': {
    happened: 'No public key of yours is known for this run, so no result could have been encrypted to you.',
    todo: 'Submit the files with `skep submit`, which makes your key known, or name it with `--owner-key`.',
  },
  'input-missing': {
    happened: 'The uploaded file was no longer there when its turn came.',
    todo: 'Upload the file once more in a new run.',
  },
  'pipeline-crash': {
    happened: 'The pipeline ended with an error while it worked on this sample.',
    todo: 'Look whether the file has the form that the pipeline expects. If it has, tell the operator the run and the sample.',
  },
  'pipeline-timeout': {
    happened: 'The pipeline did not finish this sample within the time it is given.',
    todo: 'Split the sample into smaller ones, or ask the operator for more time, and upload in a new run.',
  },
  'no-output': {
    happened: 'The pipeline ended without an error but left no result for this sample.',
    todo: 'Look whether the file holds the data that the pipeline expects. If it does, tell the operator the run and the sample.',
  },
  refused: {
    happened: 'The key of this sample, or the result that its worker brought, was refused for a reason that another try cannot change.',
    todo: 'Tell the operator the run and the sample: the audit chain names the reason.',
  },
  attempts: {
    happened: 'The work on this sample was begun as often as is allowed and never came to an end.',
    todo: 'Tell the operator the run and the sample, and upload the file in a new run once the cause is found.',
  },
}

/** What happened to a sample and what its owner can do. Never holds a name, a path or data. */
export const explain = (failure: FailureClass): Explanation => explanations[failure]

/**
 * What a worker does after a refusal. A failure class: it is final for this sample. `retry-new-challenge`: a new request under a
 * new nonce. `retry-same`: the very same request again, later. `fatal`: this worker gets no key, another attempt may.
 */
export type AfterRefusal = FailureClass | 'retry-new-challenge' | 'retry-same' | 'fatal'

const refusals: Record<RefusalCode, AfterRefusal> = {
  'bad-request': 'refused',
  'ticket-invalid': 'refused',
  'nonce-unknown': 'retry-new-challenge',
  'nonce-used': 'retry-new-challenge',
  'nonce-expired': 'retry-new-challenge',
  'context-mismatch': 'retry-new-challenge',
  'packets-mismatch': 'retry-new-challenge',
  'identity-invalid': 'fatal',
  'instance-not-running': 'fatal',
  'instance-not-of-this-job': 'fatal',
  'released-to-another': 'fatal',
  'previous-attempt-alive': 'retry-same',
  'too-many-attempts': 'attempts',
  'owner-unknown': 'owner-unknown',
  'not-pgp': 'not-pgp',
  'wrong-key': 'wrong-key',
  'input-missing': 'input-missing',
  'audit-unavailable': 'retry-same',
  unavailable: 'retry-same',
}

export const afterRefusal = (code: RefusalCode): AfterRefusal => refusals[code]

/** The class of an error met while a sample was fetched or opened; undefined: not the sample's fault. */
export function failureOf(error: unknown): FailureClass | undefined {
  if (error instanceof CloudError) return error.code === 'NotFound' ? 'input-missing' : undefined
  if (!(error instanceof PgpError)) return undefined
  if (error.code === 'too-short') return 'not-pgp'
  return error.code === 'bad-key' ? undefined : error.code
}
