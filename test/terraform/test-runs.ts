/** `terraform test`, as data. */
import { terraform } from './terraform.ts'

interface TestRun {
  readonly file: string
  readonly run: string
  readonly status: string
}
interface TestFailure {
  readonly file: string
  readonly run: string
  /** What the assert says, or Terraform's own error with its place. */
  readonly message: string
}
export interface Tested {
  readonly code: number
  /** Every run block of every test file, as Terraform found them. */
  readonly found: Readonly<Record<string, readonly string[]>>
  readonly runs: readonly TestRun[]
  readonly failures: readonly TestFailure[]
}

interface Diagnostic {
  readonly severity: string
  readonly summary: string
  readonly detail: string
  readonly range?: { readonly filename: string; readonly start: { readonly line: number } }
}
interface Line {
  readonly '@testfile'?: string
  readonly '@testrun'?: string
  readonly type: string
  readonly test_abstract?: Readonly<Record<string, readonly string[]>>
  readonly test_run?: { readonly path: string; readonly run: string; readonly progress: string; readonly status?: string }
  readonly diagnostic?: Diagnostic
}

/** Runs the tests of a copy of terraform/: all files of its `tests`, or those named. */
export async function terraformTest(tree: string, options: { readonly files?: readonly string[] } = {}): Promise<Tested> {
  const filters = (options.files ?? []).map((file) => `-filter=tests/${file}`)
  const { code, stdout, stderr } = await terraform(tree, ['test', '-json', ...filters])
  const lines: readonly Line[] = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  if (lines.length === 0) throw new Error(`terraform test said nothing:\n${stderr}`)
  return {
    code,
    found: Object.assign({}, ...lines.map((line) => line.test_abstract ?? {})),
    runs: lines.flatMap(({ test_run: run }) =>
      run?.progress === 'complete' ? [{ file: run.path, run: run.run, status: run.status ?? 'unknown' }] : [],
    ),
    failures: lines.flatMap((line) =>
      line.diagnostic?.severity === 'error'
        ? [{ file: line['@testfile'] ?? '', run: line['@testrun'] ?? '', message: messageOf(line.diagnostic) }]
        : [],
    ),
  }
}

function messageOf({ summary, detail, range }: Diagnostic): string {
  if (summary === 'Test assertion failed') return detail
  return `${summary}: ${detail}${range === undefined ? '' : ` (${range.filename}:${range.start.line})`}`
}
