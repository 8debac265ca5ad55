import { createHash } from 'node:crypto'
import type { Connection, Content } from '../../runner/contract.ts'
import { sh } from '../../runner/sh.ts'

interface Owned {
  readonly mode: string
  readonly owner: string
  readonly group: string
}

interface Replacing extends Owned {
  /** Owner or group were asked for; where they were not, who may not give a file away keeps it. */
  readonly owned: boolean
  /** The directory is to be made. */
  readonly makesParent: boolean
}

/** Replaces a file at once or not at all. */
export async function replace(host: Connection, path: string, content: Content, want: Replacing): Promise<void> {
  const { mode, owner, group, owned, makesParent } = want
  const at = path.lastIndexOf('/')
  const directory = at === -1 ? '.' : path.slice(0, at + 1)
  if (makesParent) await host.run(sh`mkdir -p -- ${directory}`)
  // Owner and mode are set before the name is taken, so that nobody sees the file half done.
  const made = `${directory === '.' ? '' : directory}.skep-new-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`
  const written = host.write(made, content, 0o600)
  const chown = sh`chown ${owner}:${group} ${made}${owned ? sh`` : sh` 2>/dev/null||:`}`
  const named = host.run(sh`{ ${chown};}&&chmod ${mode} ${made}&&mv -f ${made} ${path}||{ rm -f ${made};false;}`)
  const [first, second] = await Promise.allSettled([written, named])
  if (first.status === 'rejected') throw first.reason
  if (second.status === 'rejected') throw second.reason
}

/** Gives a file that stays its owner and mode. */
export async function own(host: Connection, path: string, now: Owned, { mode, owner, group }: Owned): Promise<void> {
  // chmod after chown, which clears set-id bits.
  if (now.owner !== owner || now.group !== group) await host.run(sh`chown ${owner}:${group} ${path}`)
  await host.run(sh`chmod ${mode} ${path}`)
}
