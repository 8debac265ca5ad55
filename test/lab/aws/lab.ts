/** moto and the shim for a test, in a network of their own where that can be had, and programs run beside them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { motoServer } from './moto.ts'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Answered {
  readonly status: number
  readonly text: string
}

export interface Lab extends AsyncDisposable {
  /** Whether the programs that are run here have no other network. */
  readonly isolated: boolean
  /** Runs a program that has the lab for AWS, and neither credentials nor settings of the caller's. */
  run(
    program: string,
    args: readonly string[],
    options?: { readonly environment?: NodeJS.ProcessEnv; readonly limitMs?: number },
  ): Promise<Ran>
  /** Asks the lab for something as AWS is asked in the query protocol. */
  query(service: string, version: string, action: string, parameters?: Readonly<Record<string, string>>): Promise<Answered>
  /** The same in JSON; the target is such as `DynamoDB_20120810.DescribeTable`. */
  json(service: string, target: string, parameters: unknown): Promise<Answered>
  /** The same by method and path. */
  rest(service: string, method: string, path: string, body?: string): Promise<Answered>
  /** How often each operation was asked and with which status answered, since the start: `ec2:RunInstances 200`. */
  calls(): Promise<Readonly<Record<string, number>>>
}

const withoutWayOut = ['-n', '--', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'] as const

/** Whether this machine lets us have a network namespace with a loopback of its own. */
const canIsolate = (): boolean =>
  process.getuid?.() === 0 &&
  spawnSync('nsenter', ['--version']).status === 0 &&
  spawnSync('unshare', [...withoutWayOut, 'true'], { timeout: 10_000 }).status === 0

/** Why there can be no lab on this machine; undefined when there can. In CI there has to be. */
export async function withoutLab(): Promise<string | undefined> {
  try {
    await motoServer()
    return undefined
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    return `there is no moto_server, and it cannot be installed: ${error instanceof Error ? error.message : error}`
  }
}

/** Starts moto and the shim. They end when the lab is disposed of, or this process ends. */
export async function startLab(): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-lab-'))
  const socket = join(folder, 'aws.sock')
  const isolated = canIsolate()
  const main = [process.execPath, join(import.meta.dirname, 'main.ts'), socket]
  const [program = '', ...args] = isolated ? ['unshare', ...withoutWayOut, ...main] : main
  const server = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = new Promise((done) => server.once('exit', done))
  const told = await environmentTold(server)
  let runs = 0

  const ask = (service: string, method: string, path: string, headers: Readonly<Record<string, string>>, body = ''): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${told['AWS_REGION']}/${service}/aws4_request, SignedHeaders=host, Signature=0`
      request({ socketPath: socket, method, path, headers: { authorization, ...headers } }, (answer) => {
        let text = ''
        answer
          .setEncoding('utf8')
          .on('data', (part: string) => {
            text += part
          })
          .on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      })
        .on('error', reject)
        .end(body)
    })

  return {
    isolated,
    async run(name, given, { environment = {}, limitMs = 240_000 } = {}) {
      const [out, err] = ['out', 'err'].map((end) => join(folder, `${++runs}.${end}`)) as [string, string]
      const inside = isolated ? ['nsenter', `--net=/proc/${server.pid}/ns/net`, '--', name, ...given] : [name, ...given]
      const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: tmpdir(), LANG: 'C.UTF-8', ...told, ...environment }
      const code = await ended(inside, env, out, err, limitMs)
      return { code, stdout: readFileSync(out, 'utf8'), stderr: readFileSync(err, 'utf8') }
    },
    query: (service, version, action, parameters = {}) => {
      const form = new URLSearchParams({ Action: action, Version: version, ...parameters })
      return ask(service, 'POST', '/', { 'content-type': 'application/x-www-form-urlencoded' }, form.toString())
    },
    json: (service, target, parameters) =>
      ask(service, 'POST', '/', { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }, JSON.stringify(parameters)),
    rest: (service, method, path, body) => ask(service, method, path, {}, body),
    calls: async () => JSON.parse((await ask('', 'GET', '/_shim/calls', {})).text),
    async [Symbol.asyncDispose]() {
      server.stdin?.end()
      const late = setTimeout(() => server.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(late)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Output goes to files: a pipe that nobody reads to the end leaves Terraform's providers behind. */
async function ended(command: readonly string[], env: NodeJS.ProcessEnv, out: string, err: string, limitMs: number): Promise<number> {
  const [program = '', ...args] = command
  const files = [openSync(out, 'w'), openSync(err, 'w')] as const
  const child = spawn(program, args, { env, stdio: ['ignore', ...files], detached: true })
  for (const file of files) closeSync(file)
  const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), limitMs)
  const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('exit', done))
  clearTimeout(limit)
  if (code === null) throw new Error(`${command.join(' ')}: took more than ${limitMs / 1000} s, or was killed`)
  return code
}

/** The lines `export NAME='VALUE'` that the program tells when it is ready. */
function environmentTold(server: ChildProcess): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve, reject) => {
    let text = ''
    server.once('error', reject).once('exit', (code) => reject(new Error(`the lab ended with ${code} before it was ready`)))
    server.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (!/^export TF_VAR_images=.*\n/m.test(text)) return
      resolve(Object.fromEntries([...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value])))
    })
  })
}
