/**
 * The language spoken with the persistent shell. A frame is a few lines of script; on stdout the host answers
 * `<mark>s N`, the command's bytes, `<mark>e N CODE`, and on stderr the command's bytes and `<mark>e N`.
 * The mark is random, so nothing that a command writes can be taken for it, and all before the first one is noise of login scripts.
 */
import { quote } from '../sh.ts'

/** What both sides agree on when a session begins. */
export interface Session {
  readonly mark: string
  /** Stands in the environment of every command as `SKEP_FRAME=<tag>.<N>`: a child that left its parent is still found. */
  readonly tag: string
}

export interface Frame {
  readonly number: number
  readonly text: string
  readonly environment: Readonly<Record<string, string>>
  readonly stdin: { readonly inline: Uint8Array } | { readonly file: string } | undefined
  readonly limit: number
}

/** The first script: makes the session's directory, promises to remove it, and answers `<mark>h PID DIRECTORY`. */
export function greeting({ mark }: Session): string {
  return [
    `_skep_d=$(umask 077;mktemp -d "\${TMPDIR:-/tmp}/skep-XXXXXXXX") || exit 97`,
    `trap 'rm -rf "$_skep_d"' EXIT`,
    // PIPE: the connection is gone; what ran is done, and the directory has to go.
    `trap 'exit 129' HUP INT TERM PIPE`,
    `printf '${mark}h %s %s\\n' "$$" "$_skep_d"`,
    `printf '${mark}h\\n' >&2`,
    '',
  ].join('\n')
}

/**
 * One command. It runs in a subshell of its own, so `exit`, `cd`, `umask` and traps end with it, and it writes to files of its own,
 * so a child left behind has nothing to write to but those. `now` holds the number of the frame that runs: whoever kills looks there first.
 */
export function frameScript({ mark, tag }: Session, frame: Frame): string {
  const { number, stdin, limit } = frame
  const at = (name: string): string => `"$_skep_d"/${name}`
  const [out, err, now] = [at(`${number}.o`), at(`${number}.e`), at('now')]
  const inline = stdin !== undefined && 'inline' in stdin
  const feed = inline ? `{ printf %s '${Buffer.from(stdin.inline).toString('base64')}'|base64 -d;} 2>/dev/null|` : ''
  const source = inline ? '' : `<${stdin === undefined ? '/dev/null' : quote(stdin.file)} `
  const variables = Object.entries(frame.environment).map(([name, value]) => `export ${name}=${quote(value)};`)
  const staged = stdin !== undefined && !inline ? ` ${quote(stdin.file)}` : ''
  return [
    `echo ${number} >${now};printf '${mark}s ${number}\\n'`,
    `${feed}(export SKEP_FRAME=${tag}.${number};${variables.join('')}eval ${quote(frame.text)}) ${source}>${out} 2>${err};_skep_c=$?;echo 0 >${now}`,
    `[ -s ${out} ]&&head -c ${limit + 1} ${out};printf '${mark}e ${number} %s\\n' "$_skep_c"`,
    `[ -s ${err} ]&&head -c ${limit + 1} ${err} >&2;printf '${mark}e ${number}\\n' >&2`,
    `rm -f ${out} ${err}${staged}`,
    '',
  ].join('\n')
}

/** A line for the login shell: `shell` runs the script that comes base64-encoded as the first line; what follows is the script's stdin. */
export function sideProgram(shell: string): string {
  return `exec ${shell} -c 'IFS= read -r l;eval "$(printf %s "$l"|base64 -d)"'`
}

/** A script as the first line for `sideProgram`. */
export function sideScript(script: string): string {
  return `${Buffer.from(script).toString('base64')}\n`
}

/** Takes a stream apart into marks (`h 12 DIRECTORY` as text) and the bytes between them. */
export function markReader(mark: string, on: { bytes(part: Buffer): void; mark(line: string): void }): (chunk: Buffer) => void {
  const needle = Buffer.from(mark)
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const start = rest.indexOf(needle)
      const free = start === -1 ? Math.max(0, rest.length - needle.length + 1) : start
      if (free > 0) on.bytes(rest.subarray(0, free))
      rest = rest.subarray(free)
      if (start === -1) return
      const end = rest.indexOf(10)
      if (end === -1) return
      const line = rest.subarray(needle.length, end).toString()
      rest = rest.subarray(end + 1)
      on.mark(line)
    }
  }
}
