/** What a worker is told, in one file that holds no secret. */
import { isAbsolute } from 'node:path'
import * as z from 'zod'
import { signedTicketSchema } from '../custody/messages.ts'

const absolute = z.string().min(1).refine(isAbsolute, 'expected an absolute path')
const milliseconds = z.int().min(1).max(86_400_000)
const bytes = z.int().min(1)

export const configSchema = z.strictObject({
  cloud: z.strictObject({ kind: z.literal('local'), dir: absolute }),
  instance: z.string().regex(/^i-[0-9a-f]{17}$/),
  /** The leave to do this one job. */
  signed: signedTicketSchema,
  attempt: z.int().min(1).max(1_000_000),
  /** The worker's own SSH door: nothing is asked for before it refuses connections. */
  door: z.strictObject({ host: z.string().min(1).max(255), port: z.int().min(1).max(65_535) }),
  /** A file that the machine writes once the last session is gone; waited for as well when it is named. */
  lockedFile: absolute.optional(),
  /** The pipeline's executable. */
  pipeline: absolute,
  /** Its reference directory. */
  reference: absolute,
  /** Where plain data may lie: made by the worker, and removed by it. Default: `scratch` beside the config. */
  scratch: absolute.optional(),
  beatMs: milliseconds,
  pollMs: milliseconds,
  lockTimeoutMs: milliseconds,
  keyTimeoutMs: milliseconds,
  pipelineTimeoutMs: milliseconds,
  /** Holds for what is fetched and for what it unpacks to; for a consolidation, for all of it together. */
  maxInputBytes: bytes,
  /** Holds for all output files together. */
  maxOutputBytes: bytes,
})
export type WorkerConfig = z.infer<typeof configSchema>
