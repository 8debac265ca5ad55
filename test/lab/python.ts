/** Programs of PyPI that tests use, each in a virtual environment of its own below node_modules/.cache. */
import { execFile } from 'node:child_process'
import { accessSync, constants, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { once } from '../terraform/once.ts'

const cache = resolve(import.meta.dirname, '../../node_modules/.cache/skep-python')

export interface PythonProgram {
  /** With its exact version, as pip takes it. */
  readonly package: string
  readonly program: string
}

/** Where the program is on this machine; undefined when it is not on the PATH. */
export function onPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => isExecutable(file))
}

/** The program of a virtual environment, made when it is not there yet. Rejects when it cannot be made. */
export async function installed({ package: wanted, program }: PythonProgram): Promise<string> {
  const folder = join(cache, wanted.replace(/[^\w.=-]/g, '-'))
  const whole = `${folder}.whole`
  await once(whole, async () => {
    rmSync(folder, { recursive: true, force: true })
    await ran('python3', ['-m', 'venv', folder])
    await ran(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wanted])
    writeFileSync(whole, wanted)
  })
  return join(folder, 'bin', program)
}

const ran = (file: string, args: readonly string[]): Promise<void> =>
  new Promise((done, fail) => {
    execFile(file, args, { timeout: 300_000 }, (error, _, stderr) => {
      if (error === null) done()
      else fail(new Error(`${[file, ...args].join(' ')}: ${stderr.trim().slice(-300) || error.message}`))
    })
  })

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
