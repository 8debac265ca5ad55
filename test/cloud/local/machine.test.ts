import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claim } from '../../../cloud/local/instances.ts'
import { diskOf, layout } from '../../../cloud/local/layout.ts'
import { instanceEntry, isAlive, marked, ourselves, processes, signalTo } from '../../../cloud/local/processes.ts'
import { openStore } from '../../../cloud/local/store.ts'
import type { Cloud } from '../../../cloud/ports.ts'
import { makeSshKey } from '../../../custody/ssh-keys.ts'
import { answers, type Booted, begin, boot, launchOf, login, newPlace, type Place, run, stateOf, until } from './place.ts'

let place: Place
let agent: Cloud
let sweeper: Cloud
beforeAll(async () => {
  place = await newPlace()
  agent = await place.open('agent')
  sweeper = await place.open('sweeper')
})
afterAll(() => place.dispose())

const isOver = (id: string) => until('it is terminated', () => stateOf(agent, id, 'terminated'))

async function leavesNothing({ id, disk }: Booted): Promise<void> {
  await isOver(id)
  expect(await sweeper.compute.remains(id)).toEqual([])
  expect(existsSync(disk)).toBe(false)
}

/** Undefined while it is not there, or not whole. */
function readJson(path: string): { pid: number } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Gives the machine a job that writes what it sees, and lives until it is told otherwise. */
function bring({ disk }: Booted, job = 'setInterval(() => undefined, 1000)'): void {
  writeFileSync(join(disk, 'bin', 'worker.mjs'), job)
  writeFileSync(join(disk, 'config.json'), '{}')
}

/** A command line that starts another in a session of its own, as setsid(1) would where there is one. */
function inSessionOfItsOwn(script: string): string {
  return `node -e 'require("child_process").spawn("sh", ["-c", "${script}"], { detached: true, stdio: "ignore" }).unref()'`
}

describe('a machine', () => {
  test('lets in the launch key only, and shows the host key that the cloud tells', async () => {
    const machine = await boot(place, agent)
    const hostKey = await agent.compute.hostKey(machine.id)
    const client = await login(machine.address, machine.key, hostKey)
    expect((await run(client, 'pwd')).stdout.toString()).toBe(`${machine.disk}\n`)
    await expect(login(machine.address, machine.key, makeSshKey().publicKey)).rejects.toThrow(/Host denied/)
    await expect(login(machine.address, makeSshKey())).rejects.toThrow(/authentication/)
    const environment = (await run(client, 'env')).stdout.toString().trim().split('\n')
    const known = ['HOME', 'LANG', 'PATH', 'PWD', 'SKEP_CLOUD', 'SKEP_INSTANCE', 'TMPDIR', '_', 'SHLVL', 'OLDPWD']
    expect(environment.map((line) => line.split('=')[0]).filter((name) => !known.includes(name ?? ''))).toEqual([])
    expect(environment).toContain(`SKEP_INSTANCE=${machine.id}`)
    client.end()
    await sweeper.compute.terminate(machine.id)
    await leavesNothing(machine)
  })

  test('lets nobody in when its user data names no key', async () => {
    const { id } = await agent.compute.launch({ ...launchOf('plain'), userData: 'not JSON' })
    const { address } = await until('it runs', async () =>
      (await agent.compute.describe()).find((one) => one.id === id && one.state === 'running'),
    )
    await expect(login(address ?? { host: '', port: 0 }, makeSshKey())).rejects.toThrow(/authentication/)
    await sweeper.compute.terminate(id)
  })

  test('keeps its disk private, and its host key off it', async () => {
    const machine = await boot(place, agent)
    const modes = ['', 'machine', 'machine/identity.pem', 'run', 'tmp'].map((name) => statSync(join(machine.disk, name)).mode & 0o077)
    expect(modes).toEqual([0, 0, 0, 0, 0])
    const client = await login(machine.address, machine.key)
    expect((await run(client, 'grep -rl "OPENSSH PRIVATE" . ; echo done')).stdout.toString()).toBe('done\n')
    client.end()
    await sweeper.compute.terminate(machine.id)
  })

  test('starts its job once, and ends with it', async () => {
    const machine = await boot(place, agent)
    bring(
      machine,
      `import { writeFileSync } from 'node:fs'
      writeFileSync('run/seen.json', JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), env: process.env, pid: process.pid }))
      console.log('to the log')
      process.on('SIGUSR1', () => process.exit(0))
      setInterval(() => undefined, 1000)`,
    )
    const client = await login(machine.address, machine.key)
    expect(await run(client, 'machine/start')).toMatchObject({ code: 0 })
    expect(await run(client, 'machine/start')).toMatchObject({ code: 0 })
    const seen = await until('the job tells', () => readJson(join(machine.disk, 'run/seen.json')))
    expect(seen).toMatchObject({
      argv: ['config.json'],
      cwd: machine.disk,
      env: { SKEP_INSTANCE: machine.id, SKEP_CLOUD: place.dir, TMPDIR: join(machine.disk, 'tmp') },
    })
    expect(readFileSync(join(machine.disk, 'run/worker.pid'), 'utf8')).toBe(`${seen.pid}\n`)
    await until('it has written its log', () => readFileSync(join(machine.disk, 'run/worker.log'), 'utf8') === 'to the log\n')
    expect(statSync(join(machine.disk, 'run/worker.log')).mode & 0o777).toBe(0o600)
    expect(processes.withEnvironment(instanceEntry(machine.id))).toEqual(expect.arrayContaining([machine.pid, seen.pid]))
    process.kill(seen.pid, 'SIGUSR1')
    await leavesNothing(machine)
    client.end()
  })

  test('says why a job could not be started, and can be asked again', async () => {
    const machine = await boot(place, agent)
    const client = await login(machine.address, machine.key)
    renameSync(join(machine.disk, 'bin/node'), join(machine.disk, 'bin/away'))
    const failed = await run(client, 'machine/start')
    expect(failed.code).toBe(1)
    expect(failed.stderr.toString()).toMatch(/^starting bin\/node bin\/worker\.mjs config\.json: .*ENOENT/)
    renameSync(join(machine.disk, 'bin/away'), join(machine.disk, 'bin/node'))
    bring(machine)
    expect(await run(client, 'machine/start')).toMatchObject({ code: 0 })
    client.end()
    await sweeper.compute.terminate(machine.id)
    await leavesNothing(machine)
  })

  test('answers machine/lock, then ends every session and refuses all that come', async () => {
    const machine = await boot(place, agent)
    bring(machine)
    const [client, other] = [await login(machine.address, machine.key), await login(machine.address, machine.key)]
    await run(client, 'machine/start')
    const shell = begin(other, `sleep 60 & ${inSessionOfItsOwn('sleep 60')}; exec cat`)
    const closed = new Promise<void>((resolve) => void client.once('close', () => resolve()))
    expect(await run(client, 'machine/lock')).toMatchObject({ code: 0 })
    expect(await answers(machine.address)).toBe(false)
    await expect(login(machine.address, machine.key)).rejects.toThrow(/ECONNREFUSED/)
    await expect(run(other, 'true')).rejects.toThrow()
    await closed
    await shell
    await until('it says so', () => existsSync(join(machine.disk, 'run/locked')))
    const left = processes.all().filter(({ pid }) => processes.withEnvironment(instanceEntry(machine.id)).includes(pid))
    expect(left.map(({ name }) => name).sort()).toEqual(['node', 'node']) // the machine and its job
    expect(processes.listening(new Set(left.map(({ pid }) => pid)))).toEqual([])
    await sweeper.compute.terminate(machine.id)
    await leavesNothing(machine)
  })

  test('ends itself by machine/shutdown', async () => {
    const machine = await boot(place, agent)
    const client = await login(machine.address, machine.key)
    const ran = begin(client, 'machine/shutdown')
    await leavesNothing(machine)
    await ran
  })

  test('ends when its time is over', async () => {
    await leavesNothing(await boot(place, agent, { lifetimeMs: 300 }))
  })

  test('goes when the whole cloud goes', async () => {
    const other = await newPlace()
    const cloud = await other.open('agent')
    const machine = await boot(other, cloud)
    bring(
      machine,
      "import { spawn } from 'node:child_process'; spawn('sleep', ['60'], { detached: true }); setInterval(() => undefined, 1000)",
    )
    const client = await login(machine.address, machine.key)
    await run(client, 'machine/start')
    rmSync(other.dir, { recursive: true })
    await until('all are gone', () => processes.withEnvironment(instanceEntry(machine.id)).length === 0)
    await cloud.close()
    client.end()
  })
})

describe('nothing is left of a machine', () => {
  /** A session that leaves a process behind in each of the ways in which one can be lost. */
  const strays = `sleep 61 &
    ${inSessionOfItsOwn('sleep 62')}
    ${inSessionOfItsOwn('(sleep 63 & ) ; exit')}
    mkdir -p tmp/shut/inner; chmod 000 tmp/shut
    sh -c 'trap "" TERM HUP INT; sleep 64; sleep 64' >/dev/null 2>&1 &`

  const ends: Readonly<Record<string, (machine: Booted) => Promise<void> | void>> = {
    'that is terminated': ({ id }) => sweeper.compute.terminate(id),
    'whose process is killed': ({ pid }) => void process.kill(pid, 'SIGKILL'),
    'that is stopped and cannot answer': async ({ id, pid }) => {
      process.kill(pid, 'SIGSTOP')
      await sweeper.compute.terminate(id)
    },
    'that two terminate at once': async ({ id }) => {
      await Promise.all([sweeper.compute.terminate(id), sweeper.compute.terminate(id)])
    },
  }

  test.each(Object.entries(ends))('%s', async (_, end) => {
    const machine = await boot(place, agent)
    const client = await login(machine.address, machine.key)
    const ran = begin(client, strays)
    const sleeping = () => marked(instanceEntry(machine.id)).filter(({ name }) => name === 'sleep').length
    await until('the strays are there', () => sleeping() === 4)
    expect((await sweeper.compute.remains(machine.id)).length).toBeGreaterThanOrEqual(7) // with the machine, its socket and its disk
    await end(machine)
    await leavesNothing(machine)
    expect(processes.withEnvironment(instanceEntry(machine.id))).toEqual([])
    client.end()
    await ran
  })

  test('whose launcher died between the row and the machine', async () => {
    const broken = await place.open('agent', { machine: ['/nonexistent/node'] })
    await expect(broken.compute.launch(launchOf('broken'))).rejects.toMatchObject({ code: 'Unavailable' })
    const [row] = (await agent.compute.describe()).filter(({ token }) => token === 'broken')
    expect(row?.state).toBe('pending')
    const { id } = await agent.compute.launch(launchOf('broken'))
    expect(id).toBe(row?.id)
    await until('it runs', () => stateOf(agent, id, 'running'))
    await sweeper.compute.terminate(id)
    expect(await sweeper.compute.remains(id)).toEqual([])
  })

  test('that never came to be', async () => {
    const broken = await place.open('agent', { machine: ['/nonexistent/node'] })
    await broken.compute.launch(launchOf('never')).catch(() => undefined)
    const [row] = (await agent.compute.describe()).filter(({ token }) => token === 'never')
    await sweeper.compute.terminate(row?.id ?? '')
    expect(await stateOf(agent, row?.id ?? '', 'terminated')).toBe(true)
    await expect(agent.compute.launch(launchOf('never'))).rejects.toMatchObject({ code: 'IdempotentInstanceTerminated' })
    await pause(300)
    expect(await sweeper.compute.remains(row?.id ?? '')).toEqual([])
  })

  test('because only one machine can ever claim a row, and none after its end', async () => {
    const broken = await place.open('agent', { machine: ['/nonexistent/node'] })
    for (const token of ['claimed', 'ended']) await broken.compute.launch(launchOf(token)).catch(() => undefined)
    const idOf = async (token: string) => (await agent.compute.describe()).find((one) => one.token === token)?.id ?? ''
    const [claimed, ended] = [await idOf('claimed'), await idOf('ended')]
    await sweeper.compute.terminate(ended)
    const database = openStore(layout(place.dir).database)
    expect(claim(database, claimed, ourselves())).toBe(true)
    expect(claim(database, claimed, { pid: 1, start: 'boot.1' })).toBe(false)
    expect(claim(database, ended, ourselves())).toBe(false)
    database.prepare('UPDATE instances SET start = ? WHERE id = ?').run('boot.1', claimed) // not us, for whoever clears it away
    database.close()
  })

  test('but nobody else is touched: a pid that is used again is another process', () => {
    const bystander = spawn('sleep', ['60'])
    try {
      const { pid = 0 } = bystander
      const id = processes.identify(pid)
      expect(id).toBeDefined()
      expect(isAlive({ pid, start: `${id?.start}0` })).toBe(false)
      expect(signalTo({ pid, start: 'boot.1' }, 'SIGKILL')).toBe(false)
      expect(isAlive({ pid, start: id?.start ?? '' })).toBe(true)
      expect(isAlive(ourselves())).toBe(true)
    } finally {
      bystander.kill('SIGKILL')
    }
  })

  test('and a machine whose row says another start time is taken for dead, while that process lives on', async () => {
    const bystander = spawn('sleep', ['60'])
    try {
      const broken = await place.open('agent', { machine: ['/nonexistent/node'] })
      await broken.compute.launch(launchOf('reused')).catch(() => undefined)
      const [row] = (await agent.compute.describe()).filter(({ token }) => token === 'reused')
      const database = openStore(layout(place.dir).database)
      database
        .prepare("UPDATE instances SET state = 'running', pid = ?, start = 'boot.1' WHERE id = ?")
        .run(bystander.pid ?? 0, row?.id ?? '')
      database.close()
      mkdirSync(diskOf(place.dir, row?.id ?? ''))
      expect(await stateOf(agent, row?.id ?? '', 'terminated')).toBe(true)
      expect(existsSync(diskOf(place.dir, row?.id ?? ''))).toBe(false)
      expect(processes.identify(bystander.pid ?? 0)).toBeDefined()
    } finally {
      bystander.kill('SIGKILL')
    }
  })
})
