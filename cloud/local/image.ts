/** What an image brings to a machine's disk: Node, and the scripts to start the job, shut the door and end the machine. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files by which machine and scripts talk; paths on the machine's disk. */
export const signs = {
  machinePid: 'machine/pid',
  /** The job runs; holds its pid. */
  started: 'run/worker.pid',
  /** The job could not be started; holds why. */
  startFailed: 'run/start-failed',
  jobLog: 'run/worker.log',
  /** The port is shut and no session begins any more. */
  locking: 'run/locking',
  /** All connections and sessions are gone as well. */
  locked: 'run/locked',
} as const

/** The scripts need no more than sh, cat, kill and sleep; each waits for at most 10 s. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const waitFor = (title: string, done: string): string => `i=0
while [ "$i" -lt 200 ]; do
${done}
  sleep 0.05
  i=$((i + 1))
done
echo ${quote(`${title}: the machine did not answer within 10 s; look at logs/machines.log`)} >&2
exit 1
`

const scripts = (disk: string): Readonly<Record<string, string>> => ({
  start: `#!/bin/sh
# Starts the worker program; done when it runs. Starting it again changes nothing.
cd ${quote(disk)} || exit 1
[ -f ${signs.started} ] && exit 0
rm -f ${signs.startFailed}
kill -HUP "$(cat ${signs.machinePid})" || exit 1
${waitFor('machine/start', `  [ -f ${signs.started} ] && exit 0\n  [ -f ${signs.startFailed} ] && { cat ${signs.startFailed} >&2; exit 1; }`)}`,
  lock: `#!/bin/sh
# Shuts the SSH door for good; done when no login is possible any more. Open sessions end a moment later.
cd ${quote(disk)} || exit 1
[ -f ${signs.locking} ] && exit 0
kill -USR2 "$(cat ${signs.machinePid})" || exit 1
${waitFor('machine/lock', `  [ -f ${signs.locking} ] && exit 0`)}`,
  shutdown: `#!/bin/sh
# Ends the machine with everything on it, this script as well.
cd ${quote(disk)} || exit 1
kill -TERM "$(cat ${signs.machinePid})" || exit 1
${waitFor('machine/shutdown', '  :')}`,
})

/** Makes a machine's empty disk. Throws when there is one already. */
export function makeDisk(disk: string, node: string): void {
  mkdirSync(disk, { mode: 0o700 })
  for (const folder of ['bin', 'machine', 'run', 'tmp']) mkdirSync(join(disk, folder), { mode: 0o700 })
  symlinkSync(node, join(disk, 'bin', 'node'))
  for (const [name, script] of Object.entries(scripts(disk))) writeFileSync(join(disk, 'machine', name), script, { mode: 0o700 })
}
