/** Real Ansible, in a place of its own under node_modules/.cache, asked about all cases at once. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Case } from './cases.ts'

export const version = '2.21.5'
const home = join(import.meta.dirname, '../../../node_modules/.cache/skep/ansible')
const python = join(home, 'bin/python')

/** What Ansible said of a case. */
export interface Answers {
  readonly list: unknown
  readonly graph: string
  /** A text: why it chooses none. */
  readonly patterns: Readonly<Record<string, readonly string[] | string>>
}

export interface Golden {
  readonly ansible: string
  readonly cases: Readonly<Record<string, Answers>>
}

/** Whether it is here. */
export const isInstalled = (): boolean => existsSync(join(home, 'bin/ansible-inventory'))

/** Installs it, if this machine has a Python that it runs on and a way to the registry; says why not otherwise. */
export function install(): string | undefined {
  if (isInstalled()) return undefined
  const pyenv = globSync(join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions/3.1[2-9].*/bin/python'))
  const newEnough = (name: string): boolean =>
    spawnSync(name, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 12))'], { stdio: 'ignore' }).status === 0
  const found = ['python3.14', 'python3.13', 'python3.12', 'python3', ...pyenv].find(newEnough)
  if (found === undefined) return `ansible-core ${version} needs Python 3.12 or newer, which is not here`
  mkdirSync(dirname(home), { recursive: true })
  for (const [command, ...words] of [
    [found, '-m', 'venv', home],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `ansible-core==${version}`],
  ] as const) {
    const { status, stderr } = spawnSync(command, words, { encoding: 'utf8', timeout: 300_000 })
    if (status === 0) continue
    rmSync(home, { recursive: true, force: true })
    return `ansible-core ${version} cannot be installed: ${stderr.trim().split('\n').at(-1) ?? 'no reason given'}`
  }
  return undefined
}

/** Lays a case out in a directory. */
export function layOut({ files }: Case, directory: string): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, dirname(path)), { recursive: true })
    writeFileSync(join(directory, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
  }
}

/** What the installed Ansible says of the cases. */
export function ask(cases: Readonly<Record<string, Case>>): Golden {
  const directory = mkdtempSync(join(tmpdir(), 'skep-ansible-'))
  const config = join(directory, 'ansible.cfg')
  writeFileSync(config, '')
  try {
    const questions = Object.values(cases).map((one, index) => {
      const cwd = join(directory, String(index))
      layOut(one, cwd)
      const { sources, playbookDir, patterns } = one
      return { cwd, sources, playbookDir, patterns }
    })
    const said: { version: string; answers: Answers[] } = JSON.parse(
      execFileSync(python, [join(import.meta.dirname, 'ask.py')], {
        input: JSON.stringify(questions),
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
        maxBuffer: 64 * 1024 * 1024,
        env: { ANSIBLE_CONFIG: config, PATH: process.env['PATH'], HOME: directory, LC_ALL: 'C.UTF-8', PYTHONUTF8: '1' },
      }),
    )
    return {
      ansible: said.version,
      cases: Object.fromEntries(Object.keys(cases).map((name, index) => [name, said.answers[index] as Answers])),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
