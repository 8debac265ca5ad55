/** Files that a killed demo left half written in the owner's folders; they may hold patients' data, so they go. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { layout } from '../../cloud/local/layout.ts'
import { processes } from '../../cloud/local/processes.ts'

/** Removes what nobody who lives is writing. */
export function removeLeftovers(dir: string, run: string | null): void {
  const { owner } = layout(dir)
  for (const folder of [owner, join(owner, 'submits'), join(owner, 'results', run ?? '')].filter(existsSync)) {
    for (const name of readdirSync(folder)) {
      const pid = Number(/^\.tmp-(\d+)-/.exec(name)?.[1] ?? 0)
      if (pid > 0 && processes.identify(pid) === undefined) rmSync(join(folder, name), { force: true })
    }
  }
}
