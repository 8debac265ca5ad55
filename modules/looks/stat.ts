import { z } from 'zod'
import type { Output } from '../../runner/contract.ts'
import { RemoteError, TaskFailed } from '../../runner/errors.ts'
import { sh } from '../../runner/sh.ts'
import { defineLook } from '../../runner/steps.ts'

const params = z.strictObject({
  path: z.string().min(1).describe('What to look at.'),
  follow: z.boolean().default(false).describe('Look at what a link points to.'),
  getChecksum: z.boolean().default(true).describe("Bring a file's checksum too."),
  checksumAlgorithm: z.enum(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']).default('sha1').describe('Which one.'),
})

/** What is at a path, under Ansible's names. Times are seconds since 1970. */
export type Stat =
  | { exists: false; path: string }
  | {
      exists: true
      path: string
      mode: string
      isreg: boolean
      isdir: boolean
      islnk: boolean
      ischr: boolean
      isblk: boolean
      isfifo: boolean
      issock: boolean
      uid: number
      gid: number
      pwName: string
      grName: string
      size: number
      inode: number
      nlink: number
      atime: number
      mtime: number
      ctime: number
      /** Of a link: what it says, and where that is in the end. */
      lnkTarget?: string
      lnkSource?: string
      /** Of a file that may be read. */
      checksum?: string
    }

/**
 * What is at a path, for `decide` and for a play's `facts`.
 *
 * @example decide('a database that is there stays', { data: stat({ path: '/srv/db' }) }, ({ data }) => (data.exists ? [] : [create]))
 */
export const stat = defineLook({
  name: 'stat',
  params,

  async look({ path, follow, getChecksum, checksumAlgorithm }, host): Promise<Stat> {
    const sum = getChecksum ? checksumAlgorithm : ''
    const output = await host.probe(sh`export LC_ALL=C;p=${path};k=other t= r= c=
case $p in -*)p=./$p;;esac
${follow ? sh`[ ! -L "$p" ]||l=-L;e() { [ -e "$p" ];}` : sh`l=;e() { [ -e "$p" ]||[ -L "$p" ];}`}
if ! e;then u=\${p%/*};case $p in */*);;*)u=.;;esac;if [ ! -d "$u/" ]||[ -x "$u/" ];then exit 100;fi;echo "no permission to look into $u" >&2;exit 1;fi
s=$(stat $l -c %a:%s:%u:%g:%U:%G:%X:%Y:%Z:%i:%h -- "$p" 2>/dev/null||stat $l -f %Mp%Lp:%z:%u:%g:%Su:%Sg:%a:%m:%c:%i:%l "$p")||exit 1
if [ -z "$l" ]&&[ -L "$p" ];then k=lnk t=$(readlink "$p") r=$(readlink -f "$p")
elif [ -f "$p" ];then k=reg;[ -z ${sum} ]||c=$(${`${sum}sum`} <"$p" 2>/dev/null||shasum -a ${sum.replace(/^sha/, '')} <"$p" 2>/dev/null)
elif [ -d "$p" ];then k=dir;elif [ -c "$p" ];then k=chr;elif [ -b "$p" ];then k=blk;elif [ -p "$p" ];then k=fifo;elif [ -S "$p" ];then k=sock;fi
printf '%s\0' "$k" "$s" "$t" "$r" "\${c%% *}"`)
    if (output.code === 100) return { exists: false, path }
    if (output.code !== 0) throw failure(path, output)
    return read(path, output.stdout)
  },
})

function read(path: string, said: string): Stat {
  const [kind = '', stat = '', target = '', source = '', checksum = ''] = said.split('\0')
  const [mode = '', size, uid, gid, pwName = '', grName = '', atime, mtime, ctime, inode, nlink] = stat.split(':')
  return {
    exists: true,
    path,
    mode: mode.padStart(4, '0'),
    isreg: kind === 'reg',
    isdir: kind === 'dir',
    islnk: kind === 'lnk',
    ischr: kind === 'chr',
    isblk: kind === 'blk',
    isfifo: kind === 'fifo',
    issock: kind === 'sock',
    uid: Number(uid),
    gid: Number(gid),
    pwName,
    grName,
    size: Number(size),
    inode: Number(inode),
    nlink: Number(nlink),
    atime: Number(atime),
    mtime: Number(mtime),
    ctime: Number(ctime),
    ...(kind === 'lnk' ? { lnkTarget: target, lnkSource: source } : {}),
    ...(checksum === '' ? {} : { checksum }),
  }
}

function failure(path: string, output: Output): Error {
  if (/no permission to look/.test(output.stderr)) return new TaskFailed(`Cannot look at ${path}: ${output.stderr.trim()}`, { path })
  return new RemoteError('the host', `look at ${path}`, output)
}
