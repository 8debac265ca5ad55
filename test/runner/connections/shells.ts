import { spawnSync } from 'node:child_process'

/** The shells that hosts speak: their command line, and why one is not tried here. In CI a missing one is a failure, not a skip. */
export const shells: readonly { readonly shell: string; readonly missing: string | undefined }[] = ['dash', 'bash', 'busybox sh'].map(
  (shell) => ({ shell, missing: absent(shell.split(' ')[0] ?? '') }),
)

/** Why a program cannot be used here; undefined when it can, and in CI, where its absence has to fail. */
function absent(program: string): string | undefined {
  const found = spawnSync('sh', ['-c', `command -v ${program} || [ -x /usr/sbin/${program} ]`]).status === 0
  return found || process.env['CI'] === 'true' ? undefined : `no ${program} on this machine`
}
