/** What `--fail` does to one sample, as a careless or hostile stranger might; everything else takes the usual way. */
import { instanceEntry, marked, signalTo } from '../../cloud/local/processes.ts'
import { isCloudError, type Objects } from '../../cloud/ports.ts'
import { encryptTo, generateKeyPair } from '../../custody/openpgp.ts'
import type { RunRecord } from '../../fleet/rows.ts'
import type { Mischief } from './memory.ts'

/** The sample that it happens to: the second one, where there are two. */
export const victimOf = (samples: readonly string[]): string | undefined => samples[1] ?? samples[0]

/** Other bytes for the victim's upload; undefined leaves it as it is. */
export async function spoil(fail: Mischief | null, homer: string, body: Uint8Array): Promise<Uint8Array | undefined> {
  switch (fail) {
    case 'not-pgp':
      return Buffer.from('This was never encrypted, and is not an OpenPGP message.\n'.repeat(20))
    case 'tampered': {
      const changed = Uint8Array.from(body)
      const at = Math.floor(changed.length * 0.75)
      changed[at] = (changed[at] ?? 0) ^ 0x20
      return changed
    }
    case 'wrong-key':
      return encryptTo([(await generateKeyPair({ name: 'somebody else' })).public], Buffer.from('not for us\n'), 'visits.csv')
    case 'empty':
      return new Uint8Array()
    case 'pipeline-crash':
      return encryptTo([homer], Buffer.from('date,ID,systol\nthese are no visits\n'), 'visits.csv')
    default:
      return undefined
  }
}

/** With `hostile-name`: one more upload than samples, before the seal; one, also when a submit that was killed is finished. */
export async function intrude(fail: Mischief | null, objects: Pick<Objects, 'put'>, run: string): Promise<void> {
  if (fail !== 'hostile-name') return
  const name = `incoming/${run}/../../-rf \u001b[31mDOE_JOHN_1938-10-30\u202e.pgp`
  await objects.put('input', name, Buffer.from('whatever'), { ifAbsent: true }).catch((error: unknown) => {
    if (!isCloudError(error, 'PreconditionFailed')) throw error
  })
}

/** With `worker-dies`: kills the victim's worker as a power cut would, once it is locked. True when it did. */
export function killWorker(record: RunRecord | undefined, victim: string | undefined): boolean {
  const stages = new Set(['LOCKED', 'KEYED', 'RUNNING'])
  const worker = record?.workers.find(
    ({ value }) => value.unit === victim && value.attempt === 1 && value.sweep === 'NONE' && stages.has(value.stage),
  )
  if (worker === undefined || worker.value.instance === null) return false
  const processes = marked(instanceEntry(worker.value.instance))
  for (const one of processes) signalTo(one, 'SIGKILL')
  return processes.length > 0
}
