import { once } from 'node:events'
import { connect } from 'node:net'
import ssh2 from 'ssh2'
import { afterEach, describe, expect, test } from 'vitest'
import { isKnown } from '../../../../runner/connections/ssh/lean.ts'
import { sshConnector } from '../../../../runner/connections/ssh.ts'
import { sh } from '../../../../runner/sh.ts'
import { startTestHost, type TestHost } from '../servers.ts'

const signal = new AbortController().signal
let server: TestHost | undefined
afterEach(() => server?.stop())

async function look(host: TestHost, lean: boolean): Promise<{ said: string; trips: number | undefined; logins: number }> {
  const before = host.logins()
  const on = await sshConnector({ lean }).connect(host.host, signal)
  const said = (await on.run(sh`echo well`)).stdout
  const trips = on.roundTrips?.()
  await on.close()
  return { said, trips, logins: host.logins() - before }
}

describe('a lean login', () => {
  test('shows a signature at once to what calls itself OpenSSH, and opens its first channel with the program', async () => {
    server = await startTestHost({ ident: 'OpenSSH_9.9 as it says' })
    // One request each: without the lean login a question, and then the signature.
    expect(await look(server, true)).toEqual({ said: 'well\n', trips: 2, logins: 1 })
    expect(await look(server, false)).toEqual({ said: 'well\n', trips: 3, logins: 2 })
  })

  test('goes the ordinary way with any other server', async () => {
    server = await startTestHost({ ident: 'Somebody_1.0' })
    expect(await look(server, true)).toEqual({ said: 'well\n', trips: 3, logins: 2 })
  })

  test('goes the ordinary way, anew, with a server that numbers its channels in another way', async () => {
    server = await startTestHost({ ident: 'OpenSSH_9.9 as it says', firstChannel: 7 })
    expect(await look(server, true)).toEqual({ said: 'well\n', trips: 3, logins: 3 })
  })

  const shaped = async (change: (client: object) => void): Promise<boolean> => {
    server = await startTestHost()
    const client = new ssh2.Client()
    const socket = connect(server.host.connection.port, '127.0.0.1')
    client.on('error', () => undefined)
    client.connect({ sock: socket, username: 'skep', hostVerifier: () => false })
    change(client)
    const known = isKnown(client)
    client.destroy()
    await once(socket, 'close')
    return known
  }
  const protocol = (client: object): object => Reflect.get(client, '_protocol')

  test('knows the ssh2 that is installed', async () => {
    expect(await shaped(() => undefined)).toBe(true)
  })

  const changes: Record<string, (client: object) => void> = {
    'has no protocol': (client) => Reflect.deleteProperty(client, '_protocol'),
    'does not tell the version of the server': (client) => Reflect.deleteProperty(client, '_remoteVer'),
    'signs with other parameters': (client) => Reflect.set(protocol(client), 'authPK', (_: unknown, __: unknown) => undefined),
    'has no handlers': (client) => Reflect.set(protocol(client), '_handlers', undefined),
    'asks for services in another way': (client) => Reflect.set(protocol(client), 'service', undefined),
  }
  test.each(Object.entries(changes))('keeps its hands off an ssh2 that %s', async (_, change) => {
    expect(await shaped(change)).toBe(false)
  })
})
