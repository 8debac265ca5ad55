/** The real gpg, in a home directory of its own. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Why gpg tests cannot run here; undefined when they can. */
export const gpgMissing: string | undefined = spawnSync('gpg', ['--version']).status === 0 ? undefined : 'there is no gpg on this machine'

export interface Gpg {
  /** Runs gpg in batch mode and returns its stdout. */
  run(args: readonly string[], input?: Uint8Array | string): Buffer
  /** Writes a file in the home and returns its path. */
  file(name: string, content: Uint8Array | string): string
  close(): void
}

/** A short path: gpg's agent listens on a socket in its home, whose path may have 107 bytes. */
export function openGpg(): Gpg {
  const home = mkdtempSync('/tmp/skep-gpg-')
  const run = (args: readonly string[], input?: Uint8Array | string) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--yes', '--quiet', '--trust-model', 'always', ...args], {
      ...(input === undefined ? {} : { input }),
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
      timeout: 20_000,
    })
  return {
    run,
    file(name, content) {
      const path = join(home, name)
      writeFileSync(path, content, { mode: 0o600 })
      return path
    },
    close() {
      spawnSync('gpgconf', ['--homedir', home, '--kill', 'all'], { timeout: 10_000 })
      rmSync(home, { recursive: true, force: true })
    },
  }
}
