/** Data owners' public keys, one a run, kept by the key host: whoever carries messages cannot swap one. */
import { isCloudError, type Secrets } from '../cloud/ports.ts'
import { isUuid } from '../custody/names.ts'
import { type PublicKey, readPublicKey } from '../custody/openpgp.ts'

const LONGEST = 65_536
const nameOf = (run: string): string => `owners/${run}`

/** Makes the owner's key known for a run. The same key again is fine; another key for the same run is refused. */
export async function enrolOwner(secrets: Secrets, run: string, armored: string): Promise<PublicKey> {
  if (!isUuid(run)) throw new Error(`enrolling an owner's key: expected a run's id, got ${JSON.stringify(run.slice(0, 40))}`)
  const key = await readPublicKey(armored)
  if (key.armored.length > LONGEST)
    throw new Error(
      `enrolling an owner's key: it is longer than ${LONGEST} bytes; export it without signatures (gpg --export-options export-minimal)`,
    )
  try {
    await secrets.put(nameOf(run), Buffer.from(key.armored), { ifAbsent: true })
    return key
  } catch (error) {
    if (!isCloudError(error, 'PreconditionFailed')) throw error
    const there = await enrolledOwner(secrets, run)
    if (there?.fingerprint === key.fingerprint) return there
    throw new Error(`enrolling an owner's key: run ${run} has another one; begin a new run for this key`)
  }
}

/** The key that results of the run are encrypted to; undefined when none was enrolled. Throws PgpError `bad-key` when it has expired since. */
export async function enrolledOwner(secrets: Secrets, run: string): Promise<PublicKey | undefined> {
  const armored = await secrets.get(nameOf(run))
  return armored && readPublicKey(armored)
}
