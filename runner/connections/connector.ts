import type { Connector } from '../contract.ts'
import { localConnector } from './local.ts'
import { redactedConnector } from './redacted.ts'
import type { SshOptions } from './ssh.ts'

/** A connection of whatever kind the host's entry asks for. The SSH library is loaded when the first host needs it. */
export function anyConnector(options: SshOptions = {}): Connector {
  let ssh: Promise<Connector> | undefined
  return redactedConnector({
    async connect(host, signal) {
      if (host.connection.kind === 'local') return localConnector(options).connect(host, signal)
      ssh ??= import('./ssh.ts').then(({ sshConnector }) => sshConnector(options))
      return (await ssh).connect(host, signal)
    },
  })
}
