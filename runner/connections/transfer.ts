/**
 * Large files on their way to a host: raw bytes over a channel of their own, taken up again where they stopped. SSH itself sees that no
 * byte of a connection is changed, and the host counts them; what was put together from the parts of several connections is hashed.
 */
import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { posix } from 'node:path'
import type { LocalFile } from '../contract.ts'
import { sh } from '../sh.ts'
import { Aside, type Beside, SourceError, underwayBytes } from './aside.ts'

const step = 512 * 1024
/** What is on its way, the piece that comes on top, the one that is read, and one to spare. */
const pieces = underwayBytes / step + 3
/** So much at both ends of a file says, with its size and place, which file a part belongs to. The sum at the end says whether it was. */
const endBytes = 64 * 1024

export interface Source {
  readonly size: number
  /** The bytes from `start`, in order. */
  read(start: number, end: number): AsyncIterable<Uint8Array>
}

/** The host will not take the file, and says why. */
export class Refused extends Error {}

export const bytesSource = (bytes: Uint8Array): Source => ({
  size: bytes.length,
  async *read(start, end) {
    for (let at = start; at < end; at += step) yield bytes.subarray(at, Math.min(end, at + step))
  },
})

/** A file of this machine; it is read while it travels, the next piece while one is sent. For one reader at a time, which hands them to `pour`. */
export async function fileSource({ file }: LocalFile): Promise<Source> {
  const handle = await open(file)
  const { size } = await handle.stat().finally(() => handle.close())
  // Their memory is used again and again: collecting it would cost more than encrypting what is in it.
  const ring = Array.from({ length: pieces }, () => Buffer.allocUnsafeSlow(Math.min(step, size)))
  return {
    size,
    async *read(start, end) {
      const from = await open(file)
      let count = 0
      const piece = async (at: number): Promise<Uint8Array> => {
        const length = Math.min(step, end - at)
        const room = ring[count % pieces]?.subarray(0, length) ?? Buffer.alloc(length)
        count += 1
        const { bytesRead } = await from.read(room, 0, length, at)
        if (bytesRead < length) throw new SourceError(`${file} became shorter while it was sent`)
        return room
      }
      try {
        let next = start < end ? piece(start) : undefined
        for (let at = start; next !== undefined; at += step) {
          const now = await next
          next = at + step < end ? piece(at + step) : undefined
          next?.catch(() => undefined) // it is looked at in its turn
          yield now
        }
      } finally {
        await from.close()
      }
    },
  }
}

/**
 * Brings the bytes to a file of mode 0600 beside `to`, and resolves with its name once the host has all of them.
 * Where the link breaks, that file stays and the next push of the same bytes goes on from its end.
 */
export async function push(beside: Beside, to: string, source: Source): Promise<string> {
  const part = posix.join(posix.dirname(to), `.skep-part-${await identity(to, source)}`)
  // What an earlier connection left may be of another file; then it is sent from its start.
  if ((await once(beside, to, part, source, false)) || (await once(beside, to, part, source, true))) return part
  throw new Refused(`${to} did not arrive as it was sent. Was the file changed meanwhile?`)
}

/** Whether all of it is there, and is right as far as that can be doubted. */
async function once(beside: Beside, to: string, part: string, source: Source, anew: boolean): Promise<boolean> {
  const side = await Aside.open(beside, script(beside.mark, to, part, source.size, anew))
  try {
    const [size, tool] = told(await side.answer())
    const start = Number(size)
    const rest = source.read(start, source.size)
    const sum = start === 0 ? undefined : createHash(tool === 'b2sum' ? 'blake2b512' : 'sha256')
    if (sum !== undefined) for await (const piece of source.read(0, start)) sum.update(piece)
    const last = side.answer()
    last.catch(() => undefined) // it is looked at in its turn
    await side.pour(sum === undefined ? rest : summed(rest, sum)).catch(async (error: unknown) => {
      if (!(error instanceof SourceError)) told(await last) // the host may have said why it takes no more
      throw error
    })
    const [arrived, theirs] = told(await last)
    return Number(arrived) === source.size && theirs === (sum?.digest('hex') ?? '')
  } finally {
    side.close()
  }
}

function told(answer: string): readonly [string, string] {
  if (answer.startsWith('no ')) throw new Refused(answer.slice(3))
  const [first = '', second = ''] = answer.trim().split(/\s+/)
  return [first, second]
}

async function* summed(pieces: AsyncIterable<Uint8Array>, sum: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    sum.update(piece)
    yield piece
  }
}

/** A part is taken up only where it is ours and no link: others may write to the directory too. */
function script(mark: string, to: string, part: string, size: number, anew: boolean): string {
  const say = `${mark}k %s %s\\n`
  return sh`umask 077
no() { printf ${say} no "$1";exit 1;}
[ -d ${posix.dirname(to)} ]||no ${`${posix.dirname(to)}: No such file or directory`}
[ ! -d ${to} ]||no ${`${to} is a directory`}
p=${part} n=0
[ ${anew ? 1 : 0} = 0 ]||rm -f "$p"
if [ -f "$p" ]&&[ ! -L "$p" ]&&[ -O "$p" ];then n=$(wc -c <"$p");[ "$n" -le ${size} ]||{ n=0;: >"$p";}
else rm -f "$p";e=$( (set -C;: >"$p") 2>&1)||no "$e";fi
h=b2sum;command -v b2sum >/dev/null||h=sha256sum
printf ${say} "$n" "$h"
cat >>"$p"||{ rm -f "$p";no ${`${to} cannot be written (is the disk full?)`};}
s=;[ "$n" -eq 0 ]||s=$($h <"$p")
printf ${say} "$(wc -c <"$p")" "\${s%% *}"`.text
}

async function identity(to: string, source: Source): Promise<string> {
  const { size } = source
  const hash = createHash('sha256').update(`${to}\0${size}\0`)
  for await (const piece of source.read(0, Math.min(size, endBytes))) hash.update(piece)
  for await (const piece of source.read(Math.max(0, size - endBytes), size)) hash.update(piece)
  return hash.digest('hex').slice(0, 24)
}
