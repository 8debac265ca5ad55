/** Finds and starts moto_server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { installed, onPath } from '../python.ts'

/** That of the PATH, else one of our own. Rejects where there is none and none can be had. */
export const motoServer = async (): Promise<string> =>
  onPath('moto_server') ?? installed({ package: 'moto[server]==5.2.1', program: 'moto_server' })

interface RunningMoto {
  readonly port: number
  stop(): Promise<void>
}

/** What a shell starts in the background has no standard input: the pipe goes by another number. */
const untilPipeCloses = 'exec 3<&0; "$0" "$@" & moto=$!; { read -r _ <&3; kill $moto; } 2>/dev/null & wait $moto'

/** Starts moto on a free port of 127.0.0.1. It ends with us, however we end. */
export async function startMoto(program: string): Promise<RunningMoto> {
  const child = spawn('sh', ['-c', untilPipeCloses, program, '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: 'true', PYTHONUNBUFFERED: '1' },
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const port = await portToldBy(child)
  child.stderr?.resume()
  return {
    port,
    stop: () => {
      child.stdin?.end()
      return ended
    },
  }
}

function portToldBy(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let told = ''
    const limit = setTimeout(() => reject(new Error(`moto_server did not start within 60 s: ${told.slice(-500)}`)), 60_000)
    child.once('error', reject).once('exit', (code) => reject(new Error(`moto_server ended with ${code}: ${told.slice(-500)}`)))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      told += text
      const port = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(told)?.[1]
      if (port === undefined) return
      clearTimeout(limit)
      resolve(Number(port))
    })
  })
}
