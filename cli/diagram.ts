/** `skep diagram`: a plan or a state as a picture. */
import { createReadStream, statSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { codeOf } from '../cloud/local/durable.ts'
import { environmentOf } from '../diagram/environment.ts'
import { pictureOf } from '../diagram/picture.ts'
import { type Plan, readPlan } from '../diagram/plan.ts'
import { svgOf } from '../diagram/svg.ts'

interface Flags {
  readonly out?: string
}

/** More than any plan has; what is larger is something else. */
const LARGEST = 100 * 1024 * 1024

/** The command, to be hung under `skep`. */
export function diagramCommand(): Command {
  return new Command('diagram')
    .description('draw the networks, hosts and services of a Terraform plan or state, and who may talk to whom, as SVG')
    .argument('[file...]', 'what terraform show -json printed; several, such as of two states, are drawn as one (default: standard input)')
    .option('-o, --out <file>', 'where to write the SVG (default: standard output)')
    .action(async (files: readonly string[], flags: Flags) => {
      if (flags.out !== undefined) checkMayBeWritten(flags.out)
      const plans: Plan[] = []
      for (const [place, file] of (files.length === 0 ? ['-'] : files).entries()) plans.push(await planIn(file, place))
      const svg = svgOf(pictureOf(environmentOf(plans)))
      if (flags.out === undefined) process.stdout.write(svg)
      else write(flags.out, svg)
    })
}

function checkMayBeWritten(path: string): void {
  if (path === '') throw new Error('-o: expected the path of a file, got an empty one')
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error(`-o: expected a file, got a directory: ${path}`)
}

function write(path: string, svg: string): void {
  try {
    writeFileSync(path, svg)
  } catch (cause) {
    throw new Error(`-o: cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function planIn(file: string, place: number): Promise<Plan> {
  const name = file === '-' ? 'standard input' : file
  if (file === '-' && process.stdin.isTTY) throw new Error('expected a file, or a pipe: terraform show -json PLAN | skep diagram')
  const text = await textIn(file, name)
  try {
    return readPlan(text, place)
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function textIn(file: string, name: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(Buffer.from(chunk))
      size += chunk.length
      if (size > LARGEST) break
    }
  } catch (cause) {
    const why = { ENOENT: 'there is no such file', EISDIR: 'expected a file, got a directory' }[codeOf(cause) ?? '']
    throw new Error(`${name}: ${why ?? (cause instanceof Error ? cause.message : String(cause))}`, { cause })
  }
  if (size > LARGEST) throw new Error(`${name}: larger than 100 MiB; no plan is`)
  return new TextDecoder().decode(Buffer.concat(chunks))
}
