/** All processes of this machine as /proc shows them, read here once more and not by the code under test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Tests that sample processes need Linux's /proc. */
export const hasProc = existsSync('/proc/self/stat')

export interface Seen {
  readonly pid: number
  /** Boot and start time: together with the pid it names one process for ever. */
  readonly start: string
  readonly parent: number
  readonly argv: readonly string[]
  readonly env: readonly string[]
}

const boot = hasProc ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8) : ''
/** A process that old has long become the program that it was started for. */
const SETTLED_MS = 1_000

/** Looks again and again, and reads what does not change any more only once. */
class Looker {
  #known = new Map<string, { readonly since: number; readonly seen: Seen }>()

  look(): readonly Seen[] {
    const now = performance.now()
    const before = this.#known
    this.#known = new Map()
    for (const name of readdirSync('/proc')) {
      if (!/^[0-9]+$/.test(name)) continue
      const id = idOf(name)
      if (id === undefined) continue
      const { start, parent } = id
      const key = `${name} ${start}`
      const known = before.get(key)
      const settled = known !== undefined && now - known.since > SETTLED_MS
      const seen = settled ? known.seen : read(Number(name), start, parent)
      if (seen !== undefined) this.#known.set(key, { since: known?.since ?? now, seen })
    }
    return [...this.#known.values()].map(({ seen }) => seen)
  }
}

/** One look. */
export const look = (): readonly Seen[] => new Looker().look()

/** Calls `each` with all processes every 50 ms until it is told to stop. */
export function watch(each: (now: readonly Seen[]) => void): () => void {
  const looker = new Looker()
  const timer = setInterval(() => each(looker.look()), 50)
  return () => clearInterval(timer)
}

/** Fields 4 and 22 of stat; undefined for one that has ended. The name in brackets may hold anything. */
function idOf(pid: string): { readonly start: string; readonly parent: number } | undefined {
  const stat = text(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || fields[0] === 'Z' ? undefined : { start: `${boot}.${fields[19]}`, parent: Number(fields[1]) }
}

function read(pid: number, start: string, parent: number): Seen | undefined {
  const argv = text(`/proc/${pid}/cmdline`)
  if (argv === undefined) return undefined
  return { pid, start, parent, argv: words(argv), env: words(text(`/proc/${pid}/environ`) ?? '') }
}

const words = (zeroed: string): readonly string[] => zeroed.split('\0').filter((word) => word !== '')

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // it ended meanwhile, or is another user's
  }
}
