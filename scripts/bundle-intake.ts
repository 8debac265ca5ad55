/**
 * Makes what Terraform uploads as the intake Lambda: one file of JavaScript in a zip, the same bytes from the same sources.
 * `npm run bundle:intake` puts it where Terraform looks for it; `npm run bundle:intake -- FILE` somewhere else.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { buildSync } from 'esbuild'
import { zipSync } from 'fflate'

const root = resolve(import.meta.dirname, '..')
const target = resolve(process.argv[2] ?? join(root, 'build/intake.zip'))

const built = buildSync({
  absWorkingDir: root,
  entryPoints: ['intake/lambda.ts'],
  bundle: true,
  write: false,
  platform: 'node',
  // CommonJS: dependencies may still call `require` for what Node has built in.
  format: 'cjs',
  target: 'node22',
  minifyWhitespace: true,
})
const code = built.outputFiles[0]?.contents
if (code === undefined) throw new Error('bundling intake/lambda.ts: esbuild made no file')

// Zip keeps local time without a zone: the parts of this date are the same everywhere.
const entry = { mtime: new Date(1980, 0, 1), os: 3, attrs: 0o644 << 16 } as const
const zip = zipSync({ 'index.js': [code, entry] }, { level: 9 })

mkdirSync(dirname(target), { recursive: true })
writeFileSync(`${target}.${process.pid}`, zip)
renameSync(`${target}.${process.pid}`, target)
const sum = createHash('sha256').update(zip).digest('hex')
process.stdout.write(`${relative(process.cwd(), target)}: ${zip.length} bytes, SHA-256 ${sum}\n`)
