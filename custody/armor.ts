/** The text form of OpenPGP data, as gpg --armor writes it. */
import { PgpError } from './pgp-packets.ts'

const BEGIN = /^\s*-----BEGIN PGP /
const ARMORED =
  /^\s*-----BEGIN PGP MESSAGE-----[ \t]*\r?\n(?:[^\r\n]*: [^\r\n]*\r?\n)*[ \t]*\r?\n([A-Za-z0-9+/=\s]*?)(?:\n=[A-Za-z0-9+/]{4}\s*)?-----END PGP MESSAGE-----\s*$/

/** Whether this begins as armor does. */
export const looksArmored = (bytes: Uint8Array): boolean => BEGIN.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'))

/**
 * The binary form of an armored message; anything else comes back as it is. Throws `not-pgp` for broken armor. The checksum is not
 * looked at: the message inside is protected by something better.
 */
export function dearmor(bytes: Uint8Array): Uint8Array {
  if (!looksArmored(bytes)) return bytes
  const body = ARMORED.exec(Buffer.from(bytes).toString('latin1'))?.[1]
  if (body === undefined)
    throw new PgpError('not-pgp', 'reading an armored message: the armor is cut or broken, or holds something else than a message')
  return new Uint8Array(Buffer.from(body, 'base64'))
}
