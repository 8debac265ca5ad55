import { z } from 'zod'
import { defineModule } from '../runner/define.ts'
import { RemoteError } from '../runner/errors.ts'
import { sh } from '../runner/sh.ts'
import { accountName } from './lib/account.ts'

const params = z
  .strictObject({
    name: accountName.describe('Name of the group.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether it is to be there.'),
    gid: z.int().min(0).optional().describe('Its number. Default: the next that is free, or the one it has.'),
    system: z.boolean().default(false).describe('Take the number from the range of system groups when it is made.'),
    nonUnique: z.boolean().default(false).describe('The number may be that of another group; needs gid.'),
    force: z.boolean().default(false).describe('absent: also where it is the main group of a user.'),
  })
  .superRefine(({ nonUnique, gid }, issue) => {
    if (nonUnique && gid === undefined) issue.addIssue({ code: 'custom', message: 'nonUnique needs a gid' })
  })

/** The number is part of it only where it was asked for. */
type State = { state: 'absent' } | { state: 'present'; gid?: number }

/**
 * Keeps a group.
 *
 * @example group('the group of the application', { name: 'app', gid: 4000 })
 */
export const group = defineModule({
  name: 'group',
  params,

  async check({ name, gid }, host): Promise<State> {
    const output = await host.probe(sh`getent group ${name}`)
    if (output.code === 2) return { state: 'absent' }
    if (output.code !== 0) throw new RemoteError('the host', `look for the group ${name}`, output)
    const [, , found = ''] = output.stdout.split(':')
    return { state: 'present', ...(gid === undefined ? {} : { gid: Number(found) }) }
  },

  want: ({ state, gid }): State => (state === 'absent' ? { state } : { state, ...(gid === undefined ? {} : { gid }) }),

  async apply({ params: { name, gid, system, nonUnique, force }, now, want }, host) {
    if (want.state === 'absent') {
      await host.run(sh`groupdel ${force ? ['-f'] : []} ${name}`)
      return
    }
    const number = gid === undefined ? [] : ['-g', gid, ...(nonUnique ? ['-o'] : [])]
    if (now.state === 'absent') await host.run(sh`groupadd ${[...(system ? ['-r'] : []), ...number]} ${name}`)
    else await host.run(sh`groupmod ${number} ${name}`)
  },

  show: ({ name, system }, state) => ({ name, ...state, ...(state.state === 'present' ? { system } : {}) }),
})
