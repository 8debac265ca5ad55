import { sshConnector } from '../../../runner/connections/ssh.ts'
import { connectionContract } from '../../contracts/connection.ts'
import { startOpenSsh, withoutOpenSsh } from './servers.ts'
import { shells } from './shells.ts'

const signal = new AbortController().signal

for (const { shell, missing } of shells) {
  const reach = async () => {
    const { host, stop } = await startOpenSsh(shell)
    return { connect: (limits?: object) => sshConnector({ shell, ...limits }).connect(host, signal), stop }
  }
  connectionContract(`ssh to OpenSSH, login shell ${shell}`, reach, 1, missing ?? withoutOpenSsh())
}
