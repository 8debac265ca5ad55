import { beforeAll, describe, expect, test } from 'vitest'
import type { Cloud, ObjectHead, Objects } from '../../cloud/ports.ts'
import { bytesOf, type CloudMaker, fresh, outcome, sharedCloud } from './cloud.ts'

const mib = 1024 * 1024

/** Bytes that differ all along. */
const patterned = (length: number, salt = 0): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + salt) & 255))

/** Names that a careless store mixes up, escapes from or cannot hold. */
const hostileNames: Readonly<Record<string, string>> = {
  plain: 'x',
  'other case': 'X',
  'a folder of that name': 'x/y',
  'deeper still': 'x/y/z',
  'slash at the end': 'x/',
  'empty segment': 'x//y',
  'leading slash': '/x',
  'only slashes': '///',
  'parent folder': '../x',
  'parent folders, many': '../../../../../../../../etc/passwd',
  'parent folder inside': 'a/../x',
  'this folder': './x',
  dot: '.',
  'two dots': '..',
  'hidden file': '.x',
  'leading dash': '-rf',
  'dash and star': '-rf *',
  space: ' ',
  'spaces around': ' x ',
  quotes: `'"\`$(id);&|<>`,
  backslashes: '..\\x\\\\y',
  'control characters': '\u0001\u0007\b\u001b[31m\u007f',
  newlines: 'x\ny\r\nz\t',
  nul: 'x\0y',
  percent: '%2e%2e%2fx',
  'percent of that': '%252e',
  'lone percent': '100%',
  plus: 'a+b c',
  underscore: 'a_b',
  'glob characters': '[a-z]*?{x,y}',
  'unicode composed': 'é',
  'unicode decomposed': 'e\u0301',
  'right to left': '\u202egpj.exe',
  'beyond the first plane': '\u{1f600}/\u{1f600}',
  'sharp s': 'STRASSE straße',
  'windows device': 'CON',
  tilde: '~',
  'looks temporary': 'x.tmp',
  constructor: '__proto__',
}

/** Objects: whole or not at all, whatever their names. */
export function testObjects(maker: CloudMaker): void {
  describe('objects', () => {
    const cloud = sharedCloud(maker)
    let agent: Cloud
    let objects: Objects
    let sweeper: Cloud
    let owner: Cloud
    beforeAll(async () => {
      agent = await cloud().open('agent')
      objects = agent.objects
      sweeper = await cloud().open('sweeper')
      owner = await cloud().open('owner')
    })

    const newKey = () => `relay/${fresh()}/1/beat.json`
    const put = (key: string, body: Uint8Array | AsyncIterable<Uint8Array> | string, options?: { ifAbsent?: boolean }) =>
      objects.put('ancillary', key, typeof body === 'string' ? Buffer.from(body) : body, options)
    const read = async (key: string, options?: Parameters<Objects['get']>[2]) => {
      const { head, body } = await objects.get('ancillary', key, options)
      return { head, bytes: await bytesOf(body) }
    }
    const text = async (key: string) => (await read(key)).bytes.toString()
    async function* stream(parts: readonly Uint8Array[], failAfter?: Error): AsyncGenerator<Uint8Array> {
      for (const part of parts) yield part
      if (failAfter) throw failAfter
    }

    test('gives back what was put, with its size and time', async () => {
      const key = newKey()
      const before = agent.clock.now()
      const head = await put(key, 'abc')
      expect(head).toMatchObject({ key, size: 3 })
      expect(head.modified).toBeGreaterThanOrEqual(before - 1000)
      expect(head.modified).toBeLessThanOrEqual(agent.clock.now() + 1000)
      expect(await read(key)).toEqual({ head, bytes: Buffer.from('abc') })
      expect(await objects.head('ancillary', key)).toEqual(head)
      expect(await objects.list('ancillary', key)).toEqual([head])
    })

    test('keeps an empty object, and every byte value', async () => {
      const [empty, all] = [newKey(), newKey()]
      expect((await put(empty, '')).size).toBe(0)
      expect((await read(empty)).bytes).toHaveLength(0)
      await put(all, patterned(256))
      expect((await read(all)).bytes).toEqual(patterned(256))
    })

    test('knows nothing of a key that was never put', async () => {
      const key = newKey()
      expect(await outcome(objects.get('ancillary', key))).toBe('NotFound')
      expect(await objects.head('ancillary', key)).toBeUndefined()
      expect(await objects.list('ancillary', key)).toEqual([])
    })

    test('a put replaces, and each put of a key has a version of its own', async () => {
      const key = newKey()
      const versions = new Set<string>()
      for (let round = 0; round < 5; round++) versions.add((await put(key, 'same')).version)
      expect(versions.size).toBe(5)
      const last = await put(key, 'new')
      expect(await text(key)).toBe('new')
      expect((await objects.list('ancillary', key)).map(({ version }) => version)).toEqual([last.version])
    })

    test('never gives other bytes for a version than those that were put under it', async () => {
      const key = newKey()
      const first = await put(key, 'first')
      expect((await read(key, { version: first.version })).bytes.toString()).toBe('first')
      const second = await put(key, 'second')
      expect((await read(key, { version: second.version })).bytes.toString()).toBe('second')
      const old = await read(key, { version: first.version }).then(
        ({ bytes }) => bytes.toString(),
        (error: unknown) => error,
      )
      if (old !== 'first') expect(old).toMatchObject({ code: 'NotFound' })
      for (const version of ['0', 'nonsense', '../x', '']) {
        expect([version, await outcome(objects.get('ancillary', key, { version }))]).toEqual([version, 'NotFound'])
      }
    })

    test('a body that is being read stays the one of its head, whatever happens to the key', async () => {
      const key = newKey()
      const bytes = patterned(3 * mib, 1)
      const version = (await put(key, bytes)).version
      const [one, two] = [await objects.get('ancillary', key), await objects.get('ancillary', key)]
      await put(key, patterned(3 * mib, 2))
      expect(one.head.version).toBe(version)
      expect(bytes.equals(await bytesOf(one.body))).toBe(true)
      await sweeper.objects.delete('ancillary', key)
      expect(bytes.equals(await bytesOf(two.body))).toBe(true)
    })

    test('with ifAbsent an object that is there stays as it is', async () => {
      const key = newKey()
      const first = await put(key, 'first', { ifAbsent: true })
      expect(await outcome(put(key, 'second', { ifAbsent: true }))).toBe('PreconditionFailed')
      expect(await outcome(put(key, stream([Buffer.from('third')]), { ifAbsent: true }))).toBe('PreconditionFailed')
      expect(await read(key)).toEqual({ head: first, bytes: Buffer.from('first') })
      await put(key, 'fourth', { ifAbsent: false })
      expect(await text(key)).toBe('fourth')
    })

    test('with ifAbsent exactly one of many at once wins, and its bytes stay', async () => {
      const key = newKey()
      const openers = await Promise.all(Array.from({ length: 8 }, () => cloud().open('agent')))
      const ends = await cloud().wait(
        Promise.all(openers.map((opener, i) => outcome(opener.objects.put('ancillary', key, Buffer.from(`${i}`), { ifAbsent: true })))),
      )
      expect(ends.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'PreconditionFailed'), 'done'])
      expect(await text(key)).toBe(String(ends.indexOf('done')))
      for (const opener of openers) await opener.close()
    })

    test('of many puts at once one is left, whole', async () => {
      const key = newKey()
      const bodies = Array.from({ length: 6 }, (_, i) => patterned(mib, i))
      const heads = await cloud().wait(Promise.all(bodies.map((body) => put(key, stream([body.subarray(0, 1000), body.subarray(1000)])))))
      const { head, bytes } = await read(key)
      const winner = heads.findIndex(({ version }) => version === head.version)
      expect(bodies[winner]?.equals(bytes)).toBe(true)
    })

    test('takes 5 MiB as a stream of uneven pieces and gives it back', async () => {
      const key = newKey()
      const all = patterned(5 * mib)
      const cuts = [0, 1, 1, 4096, 65_537, 2 * mib + 3, 5 * mib - 1, 5 * mib]
      const parts = cuts.slice(1).map((to, i) => all.subarray(cuts[i], to))
      expect((await put(key, stream(parts))).size).toBe(5 * mib)
      const { head, bytes } = await read(key)
      expect(head.size).toBe(5 * mib)
      expect(all.equals(bytes)).toBe(true)
    })

    test('a put whose stream fails leaves nothing, and leaves what was there', async () => {
      const [absent, present] = [newKey(), newKey()]
      const old = await put(present, 'old')
      for (const key of [absent, present]) {
        const broken = put(key, stream([patterned(mib)], new Error('the source broke')))
        await expect(broken).rejects.toThrow('the source broke')
      }
      expect(await objects.list('ancillary', absent)).toEqual([])
      expect(await read(present)).toEqual({ head: old, bytes: Buffer.from('old') })
    })

    test('shows no object before its stream has ended', async () => {
      const key = newKey()
      const gate = Promise.withResolvers<void>()
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield patterned(1000)
        await gate.promise
        yield patterned(1000)
      }
      const putting = put(key, slow())
      await cloud().pass(50)
      expect(await objects.head('ancillary', key)).toBeUndefined()
      expect(await objects.list('ancillary', key.slice(0, -9))).toEqual([])
      gate.resolve()
      expect((await cloud().wait(putting)).size).toBe(2000)
    })

    test.each([
      ['the beginning', { from: 0, length: 10 }, [0, 10]],
      ['the middle', { from: 70_000, length: 65_536 }, [70_000, 135_536]],
      ['one byte', { from: 199_999, length: 1 }, [199_999, 200_000]],
      ['past the end', { from: 199_990, length: 65_536 }, [199_990, 200_000]],
      ['all of it and more', { from: 0, length: 1_000_000 }, [0, 200_000]],
    ] as const)('gives a range: %s', async (_, range, [from, to]) => {
      const key = newKey()
      const head = await put(key, patterned(200_000))
      expect(await read(key, { range })).toEqual({ head, bytes: patterned(200_000).subarray(from, to) })
      expect((await read(key, { range, version: head.version })).bytes).toHaveLength(to - from)
    })

    test('a range that begins at or after the end is empty', async () => {
      const [key, empty] = [newKey(), newKey()]
      await put(key, 'abc')
      await put(empty, '')
      for (const from of [3, 4, 1_000_000]) expect((await read(key, { range: { from, length: 10 } })).bytes).toHaveLength(0)
      expect((await read(empty, { range: { from: 0, length: 65_536 } })).bytes).toHaveLength(0)
    })

    test.each([
      { from: -1, length: 1 },
      { from: 0, length: -1 },
      { from: 0.5, length: 1 },
      { from: Number.NaN, length: 1 },
    ])('a range of %o can never succeed', async (range) => {
      const key = newKey()
      await put(key, 'abc')
      expect(await outcome(objects.get('ancillary', key, { range }))).toBe('InvalidArgument')
    })

    test('deletes, again and again, and for every opener', async () => {
      const key = newKey()
      const head = await put(key, 'abc')
      await put(key, 'abcd')
      for (let round = 0; round < 2; round++) await sweeper.objects.delete('ancillary', key)
      expect(await objects.head('ancillary', key)).toBeUndefined()
      expect(await outcome(objects.get('ancillary', key))).toBe('NotFound')
      expect(await outcome(objects.get('ancillary', key, { version: head.version }))).toBe('NotFound')
      expect(await objects.list('ancillary', key)).toEqual([])
      await put(key, 'back', { ifAbsent: true })
      expect(await text(key)).toBe('back')
    })

    test('lists by literal prefix, in the order of the bytes of the keys', async () => {
      const base = `relay/${fresh()}`
      const names = [
        '/a',
        '/a%',
        '/a%2',
        '/a_',
        '/ab',
        '/a/1',
        '/a/10',
        '/a/2',
        '/A',
        '/é',
        '/\u{ff5e}',
        '/\u{1f600}',
        '/[x]',
        '/a.b',
        '/a-b',
        'z/a',
      ]
      for (const name of names) await put(base + name, name)
      const sorted = names.map((name) => base + name).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const prefix of ['', '/', '/a', '/a/', '/a/1', '/a%', '/a_', '/A', '/[x', '/é', '/\u{1f600}', '/zz', 'z']) {
        const found = (await objects.list('ancillary', base + prefix)).map(({ key }) => key)
        expect([prefix, ...found]).toEqual([prefix, ...sorted.filter((key) => key.startsWith(base + prefix))])
      }
    })

    test('lists more than a thousand keys', async () => {
      const base = `relay/${fresh()}/`
      const keys = Array.from({ length: 1100 }, (_, i) => `${base}${String(i).padStart(5, '0')}`)
      for (let at = 0; at < keys.length; at += 100) await Promise.all(keys.slice(at, at + 100).map((key) => put(key, '')))
      expect((await objects.list('ancillary', base)).map(({ key }) => key)).toEqual(keys)
    })

    test('keeps buckets apart', async () => {
      const id = fresh()
      await owner.objects.put('input', `incoming/${id}`, Buffer.from('abc'))
      expect(await objects.head('ancillary', `relay/../incoming/${id}`)).toBeUndefined()
      expect((await sweeper.objects.list('ancillary', '')).filter(({ key }) => key.includes(id))).toEqual([])
      expect(await sweeper.objects.list('input', `incoming/${id}`)).toHaveLength(1)
      expect(await sweeper.objects.list('output', `incoming/${id}`)).toEqual([])
    })

    test('shows a put to every opener at once', async () => {
      const key = newKey()
      const other = await cloud().open('agent')
      const head = await put(key, 'abc')
      expect(await other.objects.head('ancillary', key)).toEqual(head)
      expect(await other.objects.list('ancillary', key)).toEqual([head])
      await other.close()
    })

    describe('with hostile names', () => {
      const base = `incoming/${fresh()}/`
      const names = Object.entries(hostileNames)
      let heads: readonly ObjectHead[]
      beforeAll(async () => {
        for (const [what, name] of names) await outcome(owner.objects.put('input', base + name, Buffer.from(what)))
        heads = await sweeper.objects.list('input', base)
      })

      test.each(names)('keeps %s apart from all others', async (what, name) => {
        expect(await outcome(owner.objects.put('input', base + name, Buffer.from(what), { ifAbsent: true }))).toBe('PreconditionFailed')
        const head = await sweeper.objects.head('input', base + name)
        expect(head).toMatchObject({ key: base + name, size: Buffer.byteLength(what) })
        expect(heads.filter(({ key }) => key === base + name)).toEqual([head])
      })

      test('lists exactly the names that were put', () => {
        const sorted = names.map(([, name]) => base + name).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect(heads.map(({ key }) => key)).toEqual(sorted)
      })

      test('deletes one and leaves the others', async () => {
        const own = `relay/${fresh()}/`
        for (const [, name] of names) await outcome(put(own + name, name))
        const left = new Set(names.map(([, name]) => own + name))
        for (const [what, name] of names) {
          await sweeper.objects.delete('ancillary', own + name)
          left.delete(own + name)
          expect([what, (await objects.list('ancillary', own)).map(({ key }) => key).toSorted()]).toEqual([what, [...left].toSorted()])
        }
      })

      test('says what it does not have in letters that are fit to print', async () => {
        const own = `relay/${fresh()}/`
        for (const [what, name] of names) expect([what, await outcome(objects.get('ancillary', own + name))]).toEqual([what, 'NotFound'])
      })

      test('each body is its own', async () => {
        const own = `relay/${fresh()}/`
        for (const [what, name] of names) await outcome(put(own + name, what))
        const bodies = await Promise.all(names.map(async ([, name]) => text(own + name).catch((error: unknown) => String(error))))
        expect(bodies).toEqual(names.map(([what]) => what))
      })
    })

    test.each([
      ['letters', 'k'],
      ['capitals', 'K'],
      ['slashes', '/'],
      ['spaces', ' '],
      ['letters of three bytes', '\u20ac'],
      ['control characters', '\u0001'],
      ['dots', '.'],
    ])('holds a key of 1024 bytes: %s', async (_, letter) => {
      const start = `relay/${fresh()}/`
      const room = 1024 - start.length
      const size = Buffer.byteLength(letter)
      const key = start + letter.repeat(Math.floor(room / size)) + 'x'.repeat(room % size)
      const twin = `${key.slice(0, -1)}y`
      await put(key, 'mine')
      await put(twin, 'twin')
      expect(await text(key)).toBe('mine')
      expect((await objects.list('ancillary', start)).map((head) => head.key).toSorted()).toEqual([key, twin].toSorted())
      await sweeper.objects.delete('ancillary', twin)
      expect((await objects.list('ancillary', start)).map((head) => head.key)).toEqual([key])
      expect(await outcome(put(`${key}x`, 'too long'))).toBe('InvalidArgument')
    })

    test('a key that is not well-formed Unicode can never succeed', async () => {
      expect(await outcome(put(`relay/${fresh()}/\ud800`, 'x'))).toBe('InvalidArgument')
    })
  })
}
