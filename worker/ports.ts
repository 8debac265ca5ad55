import type { Cloud } from '../cloud/ports.ts'

/** All that a worker may reach. */
export type WorkerCloud = Pick<Cloud, 'objects' | 'queue' | 'attestor' | 'signer' | 'clock'>
