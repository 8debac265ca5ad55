/**
 * How fast a file travels, beside scp: `npm run bench:push -- HOST [--mib 256] [--runs 7] [--dir /tmp]`. HOST is reached as `ssh HOST`
 * reaches it. Each run is a whole one, login included; the two take turns. Ends with a line of JSON.
 */
import { randomFillSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { $ } from 'zx'
import { personAtKeyboard } from '../cli/person.ts'
import { sshConnector } from '../runner/connections/ssh.ts'
import { sh } from '../runner/sh.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { mib: { type: 'string', default: '256' }, runs: { type: 'string', default: '7' }, dir: { type: 'string', default: '/tmp' } },
})
const [host] = positionals
if (host === undefined) throw new Error('expected a host, as in `npm run bench:push -- web1`')
const [mib, runs] = [Number(values.mib), Number(values.runs)]
const target = `${values.dir}/skep-push-rate`

const dir = await mkdtemp(join(tmpdir(), 'skep-rate-'))
const source = join(dir, 'source')
await writeFile(source, randomFillSync(Buffer.alloc(mib * 1024 * 1024)))
const expected = (await $`sha256sum ${source}`).stdout.split(' ')[0]

const connect = () =>
  sshConnector({ person: personAtKeyboard() }).connect(
    { name: host, vars: {}, connection: { kind: 'ssh', host } },
    new AbortController().signal,
  )

const ways = {
  scp: async () => void (await $`scp -q ${source} ${`${host}:${target}`}`),
  skep: async () => {
    const on = await connect()
    await on.write(target, { file: source }, 0o600)
    await on.close()
  },
}
const took: Record<keyof typeof ways, number[]> = { scp: [], skep: [] }
try {
  for (let run = 0; run <= runs; run += 1) {
    for (const way of ['scp', 'skep'] as const) {
      const begun = performance.now()
      await ways[way]()
      if (run > 0) took[way].push(performance.now() - begun) // the first is for the caches
      const on = await connect()
      const { stdout } = await on.run(sh`sha256sum ${target}; rm ${target}`)
      await on.close()
      if (stdout.split(' ')[0] !== expected) throw new Error(`${way} brought other bytes`)
    }
  }
} finally {
  await rm(dir, { recursive: true })
}

const told = (['scp', 'skep'] as const).map((tool) => {
  const sorted = took[tool].sort((a, b) => a - b)
  const at = (part: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0)
  return { tool, median: at(0.5), min: at(0), max: at(1), mibPerSecond: Math.round((mib * 1000) / at(0.5)) }
})
const [scp, skep] = told
process.stdout.write(
  `${told.map(({ tool, median, min, max, mibPerSecond }) => `${tool}: ${median} ms (${min} to ${max}), ${mibPerSecond} MiB/s`).join('\n')}\n`,
)
const ratio = Number(((scp?.median ?? 0) / (skep?.median ?? 1)).toFixed(2))
process.stdout.write(`${JSON.stringify({ mib, host, rows: told, ratio })}\n`)
