import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layout } from '../../../cloud/local/layout.ts'
import { tryLock } from '../../../cloud/local/lock.ts'
import { initLocal, openLocal } from '../../../cloud/local/open.ts'
import { toKey, toPath } from '../../../cloud/local/paths.ts'
import { newPlace, type Place } from './place.ts'

let place: Place
beforeEach(async () => {
  place = await newPlace()
})
afterEach(() => place.dispose())

const everything = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).map((entry) => relative(dir, join(entry.parentPath, entry.name)))

describe('a local cloud', () => {
  test('can be read by its owner only, and names no more than it must', () => {
    const open = everything(place.dir).filter((path) => (lstatSync(join(place.dir, path)).mode & 0o077) !== 0)
    expect(open).toEqual([])
    expect(lstatSync(place.dir).mode & 0o777).toBe(0o700)
    expect(readdirSync(layout(place.dir).keyHost).sort()).toEqual(['answer.pem', 'audit-key-host.pem', 'ssh-host-key.pem'])
    expect(readdirSync(layout(place.dir).signer).sort()).toEqual(['audit-agent.pem', 'audit-intake.pem', 'ticket.pem'])
  })

  test('keeps its keys when it is made again', async () => {
    const keys = () =>
      [layout(place.dir).trust, layout(place.dir).keyHost].flatMap((folder) =>
        readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')),
      )
    const before = keys()
    await initLocal(place.dir)
    expect(keys()).toEqual(before)
  })

  test('has no private key among the public halves, and none of the signing keys among the secrets', async () => {
    const trust = readdirSync(layout(place.dir).trust).map((name) => readFileSync(join(layout(place.dir).trust, name), 'utf8'))
    expect(trust.filter((text) => text.includes('PRIVATE'))).toEqual([])
    const keyHost = await place.open('keyHost')
    expect(await keyHost.secrets.list('')).toEqual([])
  })

  test.each<[string, (dir: string) => void, RegExp]>([
    ['is not there', (dir) => rmSync(dir, { recursive: true }), /is not a local cloud .* make one with: skep key init --dir/],
    ['has no marker', (dir) => rmSync(join(dir, 'skep.json')), /is not a local cloud .* make one with: skep key init --dir/],
    ['has a broken marker', (dir) => writeFileSync(join(dir, 'skep.json'), '{"for'), /is not a local cloud/],
    [
      'is of a later format',
      (dir) => writeFileSync(join(dir, 'skep.json'), '{"format":2}'),
      /expected a local cloud of format 1, got 2; use the version of skep/,
    ],
    ['has lost its database', (dir) => rmSync(join(dir, 'cloud.db')), /database is gone/],
  ])('is refused in one clear line when it %s', async (_, spoil, message) => {
    spoil(place.dir)
    await expect(openLocal(place.dir, 'agent')).rejects.toThrow(message)
    mkdirSync(place.dir, { recursive: true })
    await initLocal(place.dir).catch(() => undefined)
    writeFileSync(join(place.dir, 'skep.json'), '{"skep":"local cloud","format":1}')
  })

  test('is refused to a worker without an instance, or with one that never was', async () => {
    await expect(openLocal(place.dir, 'worker')).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(openLocal(place.dir, 'worker', { instance: '../x' })).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(openLocal(place.dir, 'worker', { instance: `i-${'0'.repeat(17)}` })).rejects.toMatchObject({ code: 'NotFound' })
  })

  test('opens without a word on stderr', () => {
    const script = `const { openLocal } = await import(${JSON.stringify(join(import.meta.dirname, '../../../cloud/local/open.ts'))})
      await (await openLocal(${JSON.stringify(place.dir)}, 'agent')).close()
      process.emitWarning('others are heard')`
    const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stderr).toMatch(/^\(node:\d+\) Warning: others are heard\n/)
    expect(stderr).not.toMatch(/SQLite/)
  })

  test('clears away what dead writers left unfinished, and leaves what is being written', async () => {
    const { temporary, keyHost } = layout(place.dir)
    for (const folder of [temporary, keyHost]) writeFileSync(join(folder, '.tmp-999999-boot.1-0123'), 'x')
    const agent = await place.open('agent')
    const gate = Promise.withResolvers<void>()
    async function* slow() {
      yield Buffer.from('x')
      await gate.promise
    }
    const putting = agent.objects.put('ancillary', 'relay/x/1/beat.json', slow())
    await place.open('agent')
    gate.resolve()
    await putting
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(keyHost).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('lets go of a lock when its holder lets go, and has it once', () => {
    const release = tryLock(place.dir, 'agent')
    expect(release).toBeDefined()
    expect(tryLock(place.dir, 'agent')).toBeUndefined()
    tryLock(place.dir, 'other')?.()
    release?.()
    tryLock(place.dir, 'agent')?.()
    const script = `const { tryLock } = await import(${JSON.stringify(join(import.meta.dirname, '../../../cloud/local/lock.ts'))})
      tryLock(${JSON.stringify(place.dir)}, 'agent'); process.kill(process.pid, 'SIGKILL')`
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).signal).toBe('SIGKILL')
    expect(tryLock(place.dir, 'agent')).toBeDefined()
  })
})

test('a lock is kept though others in the same process open and close the same file', () => {
  const elsewhere = () => {
    const script = `const { tryLock } = await import(${JSON.stringify(join(import.meta.dirname, '../../../cloud/local/lock.ts'))})
      process.stdout.write(tryLock(${JSON.stringify(place.dir)}, 'agent') === undefined ? 'taken' : 'free')`
    return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout
  }
  const release = tryLock(place.dir, 'agent')
  expect(tryLock(place.dir, 'agent')).toBeUndefined()
  expect(elsewhere()).toBe('taken')
  release?.()
  expect(elsewhere()).toBe('free')
})

describe('the trail', () => {
  test('cuts a torn last line before the next, and does not show it', async () => {
    const [agent, intake] = [await place.open('agent'), await place.open('intake')]
    expect(await agent.trail.append(1, 'one')).toBe(true)
    expect(await intake.trail.append(2, 'two')).toBe(true)
    appendFileSync(layout(place.dir).chain, '{"torn":')
    expect(await agent.trail.lines()).toEqual(['one', 'two'])
    expect(await agent.trail.append(3, 'three')).toBe(true)
    expect(readFileSync(layout(place.dir).chain, 'utf8')).toBe('one\ntwo\nthree\n')
    expect(await intake.trail.append(3, 'three')).toBe(false)
    expect(await intake.trail.append(4, 'four')).toBe(true)
  })

  test('notices that the file became shorter or another', async () => {
    const agent = await place.open('agent')
    for (const seq of [1, 2, 3]) await agent.trail.append(seq, 'x')
    writeFileSync(layout(place.dir).chain, 'x\n')
    expect(await agent.trail.append(4, 'y')).toBe(false)
    rmSync(layout(place.dir).chain)
    expect(await agent.trail.append(1, 'z')).toBe(true)
  })

  test('that cannot be written is an error, and no place is given', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write everywhere')
    const agent = await place.open('agent')
    chmodSync(layout(place.dir).audit, 0o500)
    await expect(agent.trail.append(1, 'x')).rejects.toMatchObject({ code: 'Unavailable' })
    chmodSync(layout(place.dir).audit, 0o700)
  })
})

describe('objects on the disk', () => {
  test('lie where a person looks for them', async () => {
    const agent = await place.open('agent')
    await agent.objects.put('ancillary', 'relay/0a1b/1/challenge.json', Buffer.from('{}'))
    expect(readFileSync(join(place.dir, 'buckets/ancillary/relay/0a1b/1/challenge.json'), 'utf8')).toBe('{}')
    const sweeper = await place.open('sweeper')
    await sweeper.objects.delete('ancillary', 'relay/0a1b/1/challenge.json')
    expect(readdirSync(join(place.dir, 'buckets/ancillary'))).toEqual([])
  })

  const segment = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.constantFrom('', '.', '..', '%', '%o', '%+', 'x.y', 'X', '%2e', 'o', '+'),
    fc.string({ unit: fc.constantFrom('a', '.', '%', 'o', '+', 'é'), minLength: 190, maxLength: 210 }),
  )
  const keys = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))

  test('have a path of their own for every key, and the key can be read from it', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const path = toPath(key)
        expect(toKey(path)).toBe(key)
        for (const name of path) expect(name).toMatch(/^(?!\.{1,2}$)[a-z0-9._%+-]{1,255}$/)
      }),
      { numRuns: 500 },
    )
  })

  test('never need a file where another key needs a folder', () => {
    fc.assert(
      fc.property(keys, keys, (one, other) => {
        const [file, path] = [toPath(one).join('/'), toPath(other).join('/')]
        expect(path.startsWith(`${file}/`)).toBe(false)
        expect(file === path).toBe(one === other)
      }),
      { numRuns: 500 },
    )
  })
})
