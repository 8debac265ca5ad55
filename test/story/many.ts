/** Runs many command lines of skep in one process, as `cli/skep.js` would run each: a list of them as JSON on stdin, what became of each on stdout. */
import { text } from 'node:stream/consumers'
import { main } from '../../cli/program.ts'

/** What a command line came to. */
export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const written = { stdout: '', stderr: '' }
const streams = ['stdout', 'stderr'] as const
const really = process.stdout.write.bind(process.stdout)
for (const stream of streams) {
  process[stream].write = (chunk: string | Uint8Array): boolean => {
    written[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
    return true
  }
}

const ended: Answer[] = []
for (const argv of JSON.parse(await text(process.stdin)) as readonly (readonly string[])[]) {
  Object.assign(written, { stdout: '', stderr: '' })
  const code = await main(argv)
  ended.push({ code, ...written })
  process.exitCode = 0
}
really(JSON.stringify(ended))
