/** What the two roots are told in tests; whatever has a default keeps it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Root } from './tree.ts'

export type Variables = Readonly<Record<string, unknown>>

/** The account that the mocks and moto have. */
export const account = '123456789012'
export const region = 'us-west-2'

export const images: Readonly<Record<string, string>> = {
  bastion: 'ami-0b0000000000000b1',
  key_host: 'ami-0e0000000000000e2',
  worker: 'ami-0f0000000000000f3',
}

const principal = (name: string): string => `arn:aws:iam::210987654321:role/${name}`

/** All that a root has to be told, and who may come from outside. A bundle is any file: nobody runs it. */
export function given(root: Root, folder: string): Variables {
  if (root === 'foundation')
    return {
      pit: 'hipaa_vpc',
      region,
      break_glass_principals: ['arn:aws:iam::210987654321:user/officer'],
      auditor_principals: [principal('auditor')],
    }
  mkdirSync(folder, { recursive: true })
  const bundle = join(folder, 'intake.zip')
  writeFileSync(bundle, 'PK\x05\x06'.padEnd(22, '\0'))
  return {
    pit: 'hipaa_vpc',
    region,
    availability_zone: `${region}a`,
    ssh_networks: ['203.0.113.0/24'],
    images,
    admin_ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIJ6X5sRmMnvYyVtVPgj2nHpTHZ0bJtPYKlbzxLNFpe admin'],
    uploader_principals: [principal('uploader')],
    recipient_principals: [principal('recipient')],
    intake_bundle: bundle,
  }
}
