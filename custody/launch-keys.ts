import { makeSshKey, type SshKey } from './ssh-keys.ts'

/** The launch keys of one agent's life, in memory only: an agent that starts anew holds none and lets such workers go. */
export class LaunchKeys {
  readonly #keys = new Map<string, SshKey>()

  make(worker: string): SshKey {
    const key = makeSshKey()
    this.#keys.set(worker, key)
    return key
  }

  get(worker: string): SshKey | undefined {
    return this.#keys.get(worker)
  }

  forget(worker: string): void {
    this.#keys.delete(worker)
  }

  held(): ReadonlySet<string> {
    return new Set(this.#keys.keys())
  }
}
