/** The key host's SSH host key: where it lies, and its public half, to which its door is pinned. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeSshKey, publicHalf } from '../../custody/ssh-keys.ts'
import { writeWhole } from './durable.ts'
import { layout } from './layout.ts'

export const keyHostKeyPath = (dir: string): string => join(layout(dir).keyHost, 'ssh-host-key.pem')
const keyHostPublicPath = (dir: string): string => join(layout(dir).trust, 'key-host.pub')

/** The key host's SSH host key, kept for good; its public half lies with the other public halves. */
export function createKeyHostKey(dir: string): void {
  writeWhole(keyHostKeyPath(dir), makeSshKey().privateKey, { ifAbsent: true })
  writeWhole(keyHostPublicPath(dir), `${publicHalf(readFileSync(keyHostKeyPath(dir), 'utf8'))}\n`, { ifAbsent: true })
}

/** What to pin the key host's door to: "ssh-ed25519 AAAA…". */
export const keyHostPublicKey = (dir: string): string => readFileSync(keyHostPublicPath(dir), 'utf8').trim()
