/** Programs of PyPI that tests use, each in a virtual environment of its own below node_modules/.cache. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

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

/** The program of a virtual environment, made when it is not there yet. Throws when it cannot be made. */
export function installed({ package: wanted, program }: PythonProgram): string {
  const folder = join(cache, wanted.replace(/[^\w.=-]/g, '-'))
  const file = join(folder, 'bin', program)
  const whole = join(folder, 'whole')
  if (existsSync(whole)) return file
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  for (const [name = '', ...args] of [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wanted],
  ]) {
    const ran: SpawnSyncReturns<string> = spawnSync(name, args, { encoding: 'utf8', timeout: 240_000 })
    if (ran.status !== 0) throw new Error(`${[name, ...args].join(' ')}: ${(ran.error?.message ?? ran.stderr).trim().slice(-500)}`)
  }
  writeFileSync(whole, wanted)
  return file
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
