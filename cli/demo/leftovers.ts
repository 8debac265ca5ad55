/** What owner's tools that were killed left half written in the owner's folders; it may be patients' data, so it goes. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { layout } from '../../cloud/local/layout.ts'
import { processes } from '../../cloud/local/processes.ts'

/** `.tmp-PID-…` is a file on its way, `….partial-PID` a folder. */
const halfWritten = /^\.tmp-(\d+)-|\.partial-(\d+)$/

/** Removes what nobody who lives is writing. */
export function removeLeftovers(dir: string): void {
  const { owner } = layout(dir)
  for (const folder of [owner, join(owner, 'submits'), join(owner, 'results')].filter(existsSync)) {
    for (const name of readdirSync(folder)) {
      const [, file, tree] = halfWritten.exec(name) ?? []
      const pid = Number(file ?? tree)
      if (pid > 0 && processes.identify(pid) === undefined) rmSync(join(folder, name), { recursive: true, force: true })
    }
  }
}
