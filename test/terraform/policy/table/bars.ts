/** Statements of roles that deny in many rows. */
import type { Denies } from './ask.ts'
import { type Who, withRole } from './people.ts'

const tools: readonly Who[] = [
  ...withRole('bastion', 'sweeper'),
  'intake',
  'reaper',
  'image builder',
  'patch service',
  'workstation',
  'auditor',
  'flow log',
  'trail log',
]

/** Use of the data key. */
export const ofDataKey: Denies = {
  'key data#DenyUseByTools': tools,
  'bastion-limits#DenyUseOfDataKey': withRole('bastion'),
  'intake#DenyDataKey': ['intake'],
  'auditor#DenyDataKey': ['auditor'],
  'image-builder#DenyDataKey': ['image builder'],
  'workstation#DenyDataKey': ['workstation'],
}

/** Anything with the data key, use or not. */
export const ofDataKeyAtAll: Denies = {
  'intake#DenyDataKey': ['intake'],
  'image-builder#DenyDataKey': ['image builder'],
  'workstation#DenyDataKey': ['workstation'],
}

/** Reading objects that hold PHI. */
export const ofReading: Denies = {
  'bastion-limits#DenyReadExceptManifestsAndRelay': withRole('bastion'),
  'intake#DenyReadOfObjects': ['intake'],
  'sweeper#DenyReadOfObjects': withRole('sweeper'),
  'auditor#DenyPhi': ['auditor'],
}
