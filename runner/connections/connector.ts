import type { Connector } from '../contract.ts'
import type { Limits } from './channel.ts'
import { localConnector } from './local.ts'
import { redactedConnector } from './redacted.ts'

/** A connection of whatever kind the host's entry asks for. The SSH library is loaded when the first host needs it. */
export function anyConnector(limits: Partial<Limits> = {}): Connector {
  return redactedConnector({
    async connect(host, signal) {
      if (host.connection.kind === 'local') return localConnector(limits).connect(host, signal)
      const { sshConnector } = await import('./ssh.ts')
      return sshConnector(limits).connect(host, signal)
    },
  })
}
