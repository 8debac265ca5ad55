/** Who may do what: the whole table. Written from what is asked of the environment, then held against its policies. */
import type { Row } from './table/ask.ts'
import { ancillary, everyBucket, records } from './table/buckets.ts'
import { destroyed } from './table/destroyed.ts'
import { commands, hosts } from './table/hosts.ts'
import { input } from './table/input.ts'
import { keyUses } from './table/key-uses.ts'
import { keys } from './table/keys.ts'
import { launches } from './table/launches.ts'
import { queues, table, topics } from './table/messages.ts'
import { agents, network, thefts } from './table/network.ts'
import { output } from './table/output.ts'
import { logs, parameters } from './table/parameters.ts'
import { roles } from './table/roles.ts'

export interface Chapter {
  readonly title: string
  /** Of the foundation alone, when the environment is gone. */
  readonly foundationOnly?: true
  /** Says again, one condition at a time or of few, what other chapters say. */
  readonly aside?: true
  readonly rows: readonly Row[]
}

export const chapters: readonly Chapter[] = [
  { title: 'Samples', rows: input },
  { title: 'Results', rows: output },
  { title: 'Relay and releases', rows: ancillary },
  { title: 'Records and state', rows: records },
  { title: 'Every bucket', rows: everyBucket },
  { title: 'Keys', rows: keys },
  { title: 'Keys, in the name of somebody', rows: keyUses, aside: true },
  { title: 'Queues', rows: queues },
  { title: 'Topics', rows: topics },
  { title: 'Ledger', rows: table },
  { title: 'Starting hosts', rows: launches },
  { title: 'Hosts', rows: hosts },
  { title: 'Commands', rows: commands },
  { title: 'Becoming a role', rows: roles },
  { title: 'Parameters', rows: parameters },
  { title: 'Logs', rows: logs },
  { title: 'Out of our network', rows: network },
  { title: 'The SSM agent', rows: agents },
  { title: 'Stolen credentials', rows: thefts, aside: true },
  { title: 'After the environment is destroyed', rows: destroyed, foundationOnly: true },
]
