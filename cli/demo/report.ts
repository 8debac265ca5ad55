/** The report that a demo leaves for its reader: what became of each sample, the plot, and the proof of what is left. */

import { explain } from '../../custody/failures.ts'
import type { FailureClass } from '../../custody/messages.ts'

export interface DemoResult {
  readonly run: string
  readonly state: 'COMPLETE' | 'COMPLETE_WITH_FAILURES'
  readonly samples: readonly {
    readonly id: string
    readonly state: string
    readonly attempts: number
    readonly class: FailureClass | null
  }[]
  readonly refused: number
  /** The decrypted run-level CSV; null when no sample had a result. */
  readonly table: string | null
  readonly results: readonly string[]
  readonly notices: readonly string[]
  readonly residue: readonly string[]
  readonly quiescent: boolean
  readonly audit: { readonly records: number; readonly ok: boolean }
  readonly report: string
  readonly seconds: number
}

const noTable = ({ results }: DemoResult): string =>
  results.length === 0
    ? 'No sample had a result, so there is no table.'
    : 'The table of the run could not be made of the results: `skep audit verify` and the agent’s log tell the operator more.'

/** Markdown; `files` tells which file each sample was made of. */
export function reportText(result: DemoResult, files: ReadonlyMap<string, string>): string {
  const { run, state, samples, refused, audit, residue, quiescent, notices, seconds } = result
  const rows = samples.map(({ id, state: sample, attempts, class: failure }) => {
    const words = failure === null ? '' : `${failure}: ${explain(failure).happened} ${explain(failure).todo}`
    return `| ${id} | ${files.get(id) ?? ''} | ${sample} | ${attempts} | ${words} |`
  })
  return `# Run ${run}

${state === 'COMPLETE' ? 'Every sample has a result.' : 'Some samples have no result; the table says why.'} It took ${seconds} s.

| sample | file | state | attempts | what happened, what to do |
|---|---|---|---|---|
${rows.join('\n')}

${result.table === null ? noTable(result) : 'The table of the run is in [table.csv](table.csv), one line a patient.\n\n![Vitals of the patients](vitals.svg)'}

- Uploads refused at intake: ${refused}
- Notices sent: ${notices.join(', ')}
- Audit chain: ${audit.records} records, ${audit.ok ? 'every one in its place and signed' : '**it does not hold**'}
- Left behind: ${residue.length === 0 ? 'nothing' : residue.join('; ')}
- Quiescent: ${quiescent ? 'yes' : 'no'}
`
}
