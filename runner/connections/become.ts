/** Programs on a host as another of its users, over the channels that we have anyway. */
import { randomBytes } from 'node:crypto'
import type { As } from '../contract.ts'
import { BecomeRefused } from '../errors.ts'
import { quote } from '../sh.ts'
import { type Channel, type Limits, type Transport, within } from './channel.ts'

/**
 * A transport whose programs run as `as.user`. A password is written to the program that asks for it, once it has asked, and never
 * before: whoever needs none would take it for a command. Closing it leaves the transport beneath open.
 */
export function becoming(name: string, transport: Transport, as: As, limits: Limits): Transport {
  return {
    open: async (program) => {
      const mark = `skep:${randomBytes(8).toString('hex')}`
      const channel = await transport.open(commandFor(as, mark, program))
      const late = (): Error => new BecomeRefused(`${name}: ${as.method} did not let us become ${as.user} within ${limits.connectMs} ms`)
      try {
        await within(limits.connectMs, admitted(name, channel, as, mark), late)
        return channel
      } catch (error) {
        channel.destroy()
        throw error
      }
    },
    close: () => undefined,
  }
}

/** A line for the login shell. What runs in the end says `<mark>r` on stderr first; sudo asks for a password with `<mark>p`. */
function commandFor({ user, method, password }: As, mark: string, program: string): string {
  const inner = quote(`printf ${mark}r >&2;cd 2>/dev/null||cd /;${program}`)
  if (method === 'su') return `LC_ALL=C exec su -s /bin/sh ${quote(user)} -c ${inner}`
  const asks = password === undefined ? '-n' : `-S -p ${mark}p`
  return `exec sudo ${asks} -H -u ${quote(user)} -- sh -c ${inner}`
}

/** Waits for the mark, answering the question for a password on the way. */
function admitted(name: string, channel: Channel, { user, method, password }: As, mark: string): Promise<void> {
  const question = method === 'sudo' ? `${mark}p` : 'Password: '
  const refused = (why: string): BecomeRefused => new BecomeRefused(`${name}: ${method} does not let us become ${user}: ${why}`)
  return new Promise((resolve, reject) => {
    let heard = Buffer.alloc(0)
    let answered = false
    const listen = (part: Buffer): void => {
      heard = Buffer.concat([heard, part])
      if (heard.includes(`${mark}r`)) {
        // The program has heard nothing from us yet, so it has nothing to say that could be missed.
        channel.stderr.off('data', listen)
        resolve()
        return
      }
      const asked = heard.indexOf(question)
      if (asked === -1) return
      heard = heard.subarray(asked + question.length)
      if (password === undefined) reject(refused('it asks for a password, and none is given'))
      else if (answered) reject(refused('the password is wrong'))
      else channel.stdin.write(`${password.reveal()}\n`)
      answered = true
    }
    channel.stdin.on('error', () => undefined)
    channel.stderr.on('data', listen)
    channel.closed.then((why) => {
      const said = heard.toString().replaceAll(question, '').trim()
      reject(refused(said === '' ? (answered ? 'the password is wrong' : why) : said))
    })
  })
}
