/** The account as Terraform makes it, and as it is when the environment is gone, with those in it whom Terraform does not make. */
import { account } from '../../given.ts'
import { mockApply } from '../../mock.ts'
import { withoutTerraform } from '../../terraform.ts'
import { worldOf } from '../collect.ts'
import type { World } from '../world.ts'
import { withOutsiders } from './people.ts'

export interface Worlds {
  readonly whole: World
  readonly foundation: World
}

/** Takes from a name what all names of the environment share. */
const short = (name: string): string =>
  name
    .replace(/^hipaa[-_]vpc-/, '')
    .replace(/-\d{12}-[a-z]+-[a-z]+-\d$/, '')
    .replace(/\.fifo$/, '')

/** Why there are no worlds here; undefined when there are. */
export const missing = withoutTerraform()
const empty: World = { account, identities: new Map(), things: new Map(), logs: undefined, endpoints: new Map() }

/** Empty ones where Terraform cannot be run: tests of them are skipped then. */
export async function worlds(): Promise<Worlds> {
  if (missing !== undefined) return { whole: empty, foundation: empty }
  const [kept, made] = await Promise.all([mockApply('foundation'), mockApply('environment')])
  return {
    whole: withOutsiders(worldOf(account, [...kept.resources, ...made.resources], short)),
    foundation: withOutsiders(worldOf(account, kept.resources, short)),
  }
}
