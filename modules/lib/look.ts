import type { Command, Reader } from '../../runner/contract.ts'
import { RemoteError, TaskFailed } from '../../runner/errors.ts'
import { sh } from '../../runner/sh.ts'

export interface Look {
  /** A directory means the file of this name in it. */
  readonly inside?: string | undefined
  /** Look at what a link points to. */
  readonly follow: boolean
  readonly checksum: boolean
  /** Bring a file's bytes too. */
  readonly content?: boolean
  /** Names or numbers to resolve. */
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

/** What becomes of something that we make at a path. `setgid`: its directory hands its group on, and to directories the bit too. */
export type Fresh = { owner: string; group: string; umask: number; setgid: boolean }

export interface Seen {
  readonly path: string
  readonly kind: 'absent' | 'file' | 'directory' | 'link' | 'other'
  readonly mode: string
  readonly size: number
  readonly owner: string
  readonly group: string
  /** Where a link points. */
  readonly target: string
  readonly checksum: string
  /** Of a file, where asked for. */
  readonly content: Uint8Array | undefined
  /** Whether the directory it is in, or would be in, is there. */
  readonly parent: boolean
  readonly fresh: Fresh
  /** The host's name for the owner and group asked for. */
  readonly wished: { readonly owner: string | undefined; readonly group: string | undefined }
}

/** All that a module needs to know of a path, in one round trip. A path that only the host knows is a command that ends in one word. */
export async function look(host: Reader, path: string | Command, options: Look): Promise<Seen> {
  const output = await host.probe(script(path, options))
  if (output.code !== 0) throw new RemoteError('the host', `look at ${typeof path === 'string' ? path : path.text}`, output)
  const bytes = Buffer.from(output.bytes)
  const end = endOfField(bytes, 11)
  const fields = bytes.subarray(0, end).toString().split('\0')
  const [at = '', kind = '', stat = '', target = '', checksum = '', parent = '', parentGroup = '', umask = '', id = ''] = fields
  const [mode = '', size = '', owner = '', group = ''] = stat.split(':')
  if (options.checksum && kind === 'file' && checksum === '')
    throw new TaskFailed(`${at} cannot be read, so its content cannot be compared`)
  return {
    path: at,
    kind: kind as Seen['kind'],
    mode: mode.padStart(4, '0'),
    size: Number(size),
    owner,
    group,
    target,
    checksum,
    content: options.content === true && kind === 'file' ? bytes.subarray(end) : undefined,
    parent: parent === 'yes',
    fresh: {
      owner: idName(id, 'uid'),
      group: parentGroup || idName(id, 'gid'),
      umask: Number.parseInt(umask || '022', 8),
      setgid: parentGroup !== '',
    },
    wished: {
      owner: options.owner === undefined ? undefined : fields[9] || options.owner,
      group: options.group === undefined ? undefined : fields[10] || options.group,
    },
  }
}

const nothing: Command = sh``

function script(path: string | Command, { inside, follow, checksum, content, owner, group }: Look): Command {
  return sh`export LC_ALL=C;p=${path};k=absent s= t= c= d= g= i= wo= wg=
case $p in -*) p=./$p;;esac
${inside === undefined ? nothing : sh`if [ -d "$p" ]||[ "$p" != "\${p%/}" ];then p=\${p%/}/${inside};fi`}
${follow ? sh`if [ -L "$p" ];then t=$(readlink -f "$p")&&p=$t;t=;fi` : nothing}
if [ -L "$p" ];then k=link t=$(readlink "$p");elif [ -d "$p" ];then k=directory;elif [ -f "$p" ];then k=file;elif [ -e "$p" ];then k=other;fi
a() { stat -c "$1" "$3" 2>/dev/null||stat -f "$2" "$3";}
[ $k = absent ]||s=$(a %a:%s:%U:%G %Mp%Lp:%z:%Su:%Sg "$p")||exit
case $p in /*/*|[!/]*/*) u=\${p%/*};;/*) u=/;;*) u=.;;esac
[ ! -d "$u" ]||d=yes
if [ $k != file ]&&[ $k != directory ];then i=$(id);[ ! -g "$u" ]||g=$(a %G %Sg "$u");fi
${checksum ? sh`if [ $k = file ];then c=$(sha256sum <"$p" 2>/dev/null||shasum -a 256 <"$p");c=\${c%% *};fi` : nothing}
${owner === undefined ? nothing : sh`wo=$(id -un ${owner} 2>/dev/null)`}
${group === undefined ? nothing : sh`wg=$(getent group ${group} 2>/dev/null);wg=\${wg%%:*}`}
printf '%s\0' "$p" "$k" "$s" "$t" "$c" "$d" "$g" "$(umask)" "$i" "$wo" "$wg"${content === true ? sh`;[ $k != file ]||cat "$p"` : nothing}`
}

/** Where the bytes after so many fields begin. */
function endOfField(bytes: Buffer, count: number): number {
  let at = 0
  for (let field = 0; field < count; field += 1) {
    const end = bytes.indexOf(0, at)
    if (end === -1) return bytes.length
    at = end + 1
  }
  return at
}

/** The name in `uid=0(root) gid=0(root) groups=…`, or the number where there is no name. */
function idName(id: string, what: 'uid' | 'gid'): string {
  const [, number = '', name = number] = new RegExp(`\\b${what}=(\\d+)(?:\\(([^)]*)\\))?`).exec(id) ?? []
  return name
}
