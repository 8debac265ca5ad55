import type { Connection, Connector } from '../contract.ts'
import { BecomeRefused, withoutSecrets } from '../errors.ts'
import { redactor, type Secret, secretsIn } from '../secret.ts'

/** A connection whose errors hold no secret. What commands say stays as it is: modules have to compare it. */
function redacted(connection: Connection, secrets: readonly Secret[]): Connection {
  const redact = redactor(secrets)
  const clean = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw withoutSecrets(error, redact)
    }
  }
  return {
    probe: (command, options) => clean(connection.probe(command, options)),
    read: (path) => clean(connection.read(path)),
    run: (command, options) => clean(connection.run(command, options)),
    write: (path, content, mode) => clean(connection.write(path, content, mode)),
    async as(user) {
      if (connection.as === undefined) throw new BecomeRefused(`this connection cannot become ${user.user}`)
      return redacted(await clean(connection.as(user)), [...secrets, ...secretsIn(user)])
    },
    roundTrips: () => connection.roundTrips?.() ?? 0,
    close: () => connection.close(),
  }
}

/** Connections whose errors hold none of the secrets that the host's own entry in the inventory holds. */
export function redactedConnector(connector: Connector): Connector {
  return {
    connect: async (host, signal) => {
      const secrets = secretsIn(host)
      try {
        return redacted(await connector.connect(host, signal), secrets)
      } catch (error) {
        throw withoutSecrets(error, redactor(secrets))
      }
    },
  }
}
