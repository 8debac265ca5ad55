import type { Cloud } from '../cloud/ports.ts'
import type { RefusalCode } from '../custody/messages.ts'

/** What the key host works with: the cloud, opened as role keyHost, and chance. */
export interface KeyHost {
  readonly cloud: Pick<Cloud, 'clock' | 'compute' | 'objects' | 'ledger' | 'secrets' | 'signer' | 'attestor' | 'trail'>
  readonly random: (bytes: number) => Uint8Array
}

/** No key is given, and why. The message goes to whoever asked: ids only. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: RefusalCode
  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
