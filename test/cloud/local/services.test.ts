import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layout } from '../../../cloud/local/layout.ts'
import { type Service, startKeyHostDoor, startService } from '../../../cloud/local/services.ts'
import { makeSshKey } from '../../../custody/ssh-keys.ts'
import { answers, login, newPlace, type Place, run, until } from './place.ts'

let place: Place
const started: Service[] = []
beforeEach(async () => {
  place = await newPlace()
})
afterEach(async () => {
  for (const service of started.splice(0)) await service.stop()
  await place.dispose()
})
const keep = <S extends Service>(service: S): S => {
  started.push(service)
  return service
}

/** Stands in for the key host: tells what it was asked, and what it can see. */
const echo =
  "let all = ''; process.stdin.on('data', (d) => { all += d }).on('end', () => console.log(JSON.stringify({ all, env: Object.keys(process.env).sort(), cwd: process.cwd() })))"
const program = [process.execPath, '-e', echo]

describe("the key host's door", () => {
  test('runs its one program for whoever holds the key, and shows the key that is kept', async () => {
    const key = makeSshKey()
    const door = keep(startKeyHostDoor(place.dir, { authorizedKey: key.publicKey, program }))
    const address = await door.address()
    expect(address.hostKey).toBe(readFileSync(join(place.dir, 'trust/key-host.pub'), 'utf8').trim())
    const client = await login(address, key, address.hostKey)
    const { stdout, code } = await run(client, 'cat key-host/*', '{"op":"challenge"}\n')
    expect(JSON.parse(stdout.toString())).toEqual({ all: '{"op":"challenge"}\n', env: ['LANG', 'PATH', 'SKEP_CLOUD'], cwd: place.dir })
    expect(code).toBe(0)
    await expect(login(address, makeSshKey())).rejects.toThrow(/authentication/)
    client.end()
    await door.stop()
    expect(await answers(address)).toBe(false)
    expect(door.pids()).toEqual([])
  })

  test('is opened again after a kill -9, with the same host key', async () => {
    const key = makeSshKey()
    const deaths: string[] = []
    const door = keep(startKeyHostDoor(place.dir, { authorizedKey: key.publicKey, program, onDeath: (how) => deaths.push(how) }))
    const before = await door.address()
    process.kill(door.pids()[0] ?? 0, 'SIGKILL')
    await until('it is known to be dead', () => deaths.length > 0)
    const after = await door.address()
    expect(after.hostKey).toBe(before.hostKey)
    const client = await login(after, key, before.hostKey)
    expect((await run(client, '')).code).toBe(0)
    client.end()
    expect(deaths).toEqual(['the key host’s door ended with SIGKILL'])
  })

  test('is shut when whoever opened it dies, and is not troubled by Ctrl-C', async () => {
    const script = `import { startKeyHostDoor } from ${JSON.stringify(join(import.meta.dirname, '../../../cloud/local/services.ts'))}
      const door = startKeyHostDoor(${JSON.stringify(place.dir)}, { authorizedKey: ${JSON.stringify(makeSshKey().publicKey)}, program: ['true'] })
      console.log(JSON.stringify({ ...(await door.address()), pid: door.pids()[0] }))`
    const opener = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(opener.stdout, 'data')
    const { host, port, pid } = JSON.parse(String(line))
    process.kill(pid, 'SIGINT')
    expect(await answers({ host, port })).toBe(true)
    opener.kill('SIGKILL')
    await until('it is shut', async () => !(await answers({ host, port })))
  })

  test.each(['', '{}', '[]', 'nonsense', '{"authorizedKey":"x","program":[]}'])('refuses the orders %j in one line', async (orders) => {
    const door = spawn(process.execPath, [join(import.meta.dirname, '../../../cloud/local/key-host-door.ts'), place.dir])
    let errors = ''
    door.stderr.on('data', (chunk) => {
      errors += chunk
    })
    door.stdin.write(`${orders}\n`)
    const [code] = await once(door, 'close')
    expect(code).toBe(1)
    expect(errors).toMatch(/^key-host-door: .+\n$/)
  })
})

describe('a service', () => {
  const node = (script: string) => [process.execPath, '-e', script]

  test('gets its first line, gives its lines, and ends when its stdin ends', async () => {
    const lines: string[] = []
    const script =
      "require('readline').createInterface({ input: process.stdin }).on('line', (l) => console.log('got ' + l)).on('close', () => { console.log('end'); process.exit(0) })"
    const service = keep(startService({ name: 'echo', argv: node(script), firstLine: 'hello', onLine: (line) => lines.push(line) }))
    await until('it answered', () => lines.includes('got hello'))
    expect(service.pids()).toHaveLength(1)
    await service.stop()
    expect(lines).toEqual(['got hello', 'end'])
    await service.stop()
  })

  test('is killed when it does not end, and at once when its signal is aborted', async () => {
    const abort = new AbortController()
    const service = keep(startService({ name: 'deaf', argv: node('setInterval(() => undefined, 1000)'), signal: abort.signal }))
    await until('it runs', () => service.pids().length > 0)
    const [pid = 0] = service.pids()
    abort.abort()
    await until('it is gone', () => service.pids().length === 0)
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  })

  test('that keeps dying is begun again ever more slowly, and its stderr is kept', async () => {
    const deaths: number[] = []
    const log = join(layout(place.dir).logs, 'service.log')
    keep(
      startService({
        name: 'ill',
        argv: node("console.error('ouch'); process.exit(3)"),
        log,
        onDeath: () => deaths.push(performance.now()),
      }),
    )
    await until('it died four times', () => deaths.length >= 4)
    const [first = 0, second = 0, third = 0, fourth = 0] = deaths
    expect(second - first).toBeGreaterThanOrEqual(100)
    expect(third - second).toBeGreaterThanOrEqual(200)
    expect(fourth - third).toBeGreaterThanOrEqual(400)
    expect(readFileSync(log, 'utf8').startsWith('ouch\nouch\nouch\nouch\n')).toBe(true)
  })

  test('that cannot be started says so and can be stopped', async () => {
    const deaths: string[] = []
    const service = keep(startService({ name: 'absent', argv: ['/nonexistent'], onDeath: (how) => deaths.push(how) }))
    await until('it says so', () => deaths.length > 0)
    expect(deaths[0]).toMatch(/^absent could not be started: .*ENOENT/)
    await service.stop()
  })
})
