/** The person who runs Skep, as connections see them. */
import { homedir, userInfo } from 'node:os'
import { createInterface } from 'node:readline'
import { usualFiles } from '../runner/connections/ssh/config-file.ts'
import type { Person } from '../runner/connections/ssh/way.ts'
import { Secret } from '../runner/secret.ts'

/** Their ssh_config, known hosts, agent and keys; whoever sits at a terminal is asked for passphrases there. */
export function personAtKeyboard(): Person {
  const { username: user, uid } = userInfo()
  const home = homedir()
  return {
    files: usualFiles(home),
    home,
    user,
    uid,
    environment: process.env,
    warn: (text) => process.stderr.write(`${text}\n`),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask: askHidden } : {}),
  }
}

/** A question on the terminal whose answer is not shown. Nothing: it was interrupted or left empty. */
function askHidden(question: string): Promise<Secret | undefined> {
  const { stdin: input, stderr } = process
  return new Promise((resolve) => {
    stderr.write(question)
    const lines = createInterface({ input, terminal: true })
    const end = (answer: string): void => {
      stderr.write('\n')
      lines.close()
      resolve(answer === '' ? undefined : new Secret(answer))
    }
    lines.once('line', end)
    lines.once('SIGINT', () => {
      end('')
      process.kill(process.pid, 'SIGINT')
    })
  })
}
