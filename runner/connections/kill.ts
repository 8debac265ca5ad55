import { quote } from '../sh.ts'
import type { Session } from './frames.ts'

export interface Doomed {
  readonly number: number
  readonly shellPid: number
  readonly directory: string
  /** The shell is to go too, and the session's directory with it. */
  readonly all: boolean
}

/**
 * A script for a second channel that ends everything frame `number` started: whatever descends from the persistent shell,
 * and on Linux also what left its parent but carries the frame's tag or writes to the frame's files. TERM first, KILL a second later.
 * The shell itself is halted meanwhile, so that no later frame can start and be taken for this one.
 */
export function killScript({ mark, tag }: Session, { number, shellPid, directory, all }: Doomed): string {
  const at = (name: string): string => quote(`${directory}/${name}`)
  return `
shell=${shellPid} tag=SKEP_FRAME=${tag}.${number} found= since=0
if read -r line 2>/dev/null </proc/$shell/stat; then set -- \${line##*) }; since=\${20}; fi
alive() {
  if [ -r /proc/self/stat ]; then
    for s in /proc/[0-9]*/stat; do
      read -r line 2>/dev/null <"$s" || continue
      pid=\${line%% *}; set -- \${line##*) }
      case $1 in Z|X) ;; *) echo "$pid $2 \${20}";; esac
    done
  else ps -A -o pid=,ppid=,stat= | while read -r pid parent state; do case $state in Z*) ;; *) echo "$pid $parent 0";; esac; done
  fi 2>/dev/null
}
tagged() {
  while read -r pid parent start; do
    e=/proc/$pid/environ
    # What is older than the shell is not its child's child; this saves most of the looking.
    [ "$start" -ge "$since" ] && [ -r $e ] || continue
    if [ /proc/$pid/fd/1 -ef ${at(`${number}.o`)} ] || [ /proc/$pid/fd/2 -ef ${at(`${number}.e`)} ]; then echo "$pid"; continue; fi
    case " $(tr '\\0' ' ' 2>/dev/null <$e)" in *" $tag "*) echo "$pid";; esac
  done <<END
$all
END
}
look() {
  all=$(alive) grew=
  tree=" $shell $(echo $(tagged)) $(for f in $found; do echo "\${f%:*}"; done | tr '\\n' ' ')" more=1
  while [ -n "$more" ]; do
    more=
    while read -r pid parent start; do
      case $tree in *" $pid "*) ;; *) case $tree in *" $parent "*) tree="$tree$pid " more=1;; esac;; esac
    done <<END
$all
END
  done
  while read -r pid parent start; do
    [ "$pid" = "$shell" ] && continue
    case $tree in *" $pid "*) case " $found " in *" $pid:$start "*) ;; *) found="$found $pid:$start" grew=1;; esac;; esac
  done <<END
$all
END
}
left() {
  for f in $found; do
    pid=\${f%:*}
    if [ -r /proc/self/stat ]; then
      read -r line 2>/dev/null </proc/$pid/stat || continue
      set -- \${line##*) }
      case $1 in Z|X) ;; *) [ "\${20}" != "\${f#*:}" ] || echo "$pid";; esac
    else case $(ps -o stat= -p "$pid") in ''|Z*) ;; *) echo "$pid";; esac
    fi
  done
}
kill -STOP $shell || exit
sleep 0.02
if [ "$(cat ${at('now')})" = ${number} ]; then
  grew=1 tries=0
  while [ -n "$grew" ] && [ $tries -lt 20 ]; do look; for v in $(left); do kill -STOP $v; done; tries=$((tries+1)); done 2>/dev/null
  for v in $(left); do kill -TERM $v; kill -CONT $v; done 2>/dev/null
  tries=0
  while [ -n "$(left)" ] && [ $tries -lt 10 ]; do sleep 0.1; tries=$((tries+1)); done
  tries=0
  while look; l=$(left); [ -n "$l" ] && [ $tries -lt 20 ]; do kill -KILL $l 2>/dev/null; sleep 0.05; tries=$((tries+1)); done
fi
${all ? `kill -KILL $shell;rm -rf ${quote(directory)}` : 'kill -CONT $shell'}
printf '${mark}k %s\\n' "$(echo $(left))"
`
}
