/** The program on a worker: `node worker.mjs config.json`. Ends with 0 when it has told the agent its last word. */
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { openLocal } from '../cloud/local/open.ts'
import { CloudError } from '../cloud/ports.ts'
import { PgpError } from '../custody/pgp-packets.ts'
import { configSchema, type WorkerConfig } from './config.ts'
import { SampleFailure, WorkerError } from './failure.ts'
import { work } from './work.ts'

async function main(path: string): Promise<void> {
  const config = await readConfig(path)
  const scratch = config.scratch ?? join(dirname(resolve(path)), 'scratch')
  const cloud = await openLocal(config.cloud.dir, 'worker', { instance: config.instance })
  try {
    const end = await work(config, cloud, { scratch, marks: marks() })
    say(end.outcome === 'failed' ? `failed: ${end.class}` : end.outcome)
  } finally {
    await cloud.close()
  }
}

/** The machine finds every process of its own by these, so the pipeline carries them too. */
function marks(): Record<string, string> {
  const found = ['SKEP_INSTANCE', 'SKEP_CLOUD'].map((name) => [name, process.env[name] ?? ''])
  return Object.fromEntries(found)
}

async function readConfig(path: string): Promise<WorkerConfig> {
  const parsed = configSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new WorkerError(`the config does not hold: ${wrong.join('; ')}`)
}

/** Words of our own errors hold no name and no data; of any other error only its kind is told. */
function told(error: unknown): string {
  const ours = [WorkerError, SampleFailure, CloudError, PgpError].some((kind) => error instanceof kind)
  if (!(error instanceof Error)) return 'unknown error'
  if (ours) return `${error.name}: ${error.message}`
  const code = 'code' in error ? ` ${String(error.code)}` : ''
  return `${error.name}${code}`
}

const say = (text: string) => process.stderr.write(`worker: ${text}\n`)

await main(process.argv[2] ?? 'config.json').catch((error: unknown) => {
  say(told(error))
  process.exitCode = 1
})
