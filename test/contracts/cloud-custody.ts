import { beforeAll, describe, expect, test } from 'vitest'
import type { Cloud } from '../../cloud/ports.ts'
import { type CloudMaker, fresh, outcome, sharedCloud } from './cloud.ts'

/** Trail, secrets and notices. */
export function testCustody(maker: CloudMaker): void {
  describe('trail', () => {
    const cloud = sharedCloud(maker)
    let writers: readonly Cloud[]
    beforeAll(async () => {
      writers = await Promise.all((['intake', 'agent', 'keyHost'] as const).map((role) => cloud().open(role)))
    })
    const append = (line: string, seq: number, by = 0) => writerAt(by).trail.append(seq, line)
    const writerAt = (index: number): Cloud => {
      const writer = writers[index % writers.length]
      if (writer === undefined) throw new Error('no writer')
      return writer
    }
    const length = async () => (await writerAt(0).trail.lines()).length

    test('begins empty and is one chain for all who may write it', async () => {
      expect(await writerAt(0).trail.lines()).toEqual([])
      const lines = ['{"seq":1}', '{"seq":2,"text":"é \u{1f600} \\n"}', '{"seq":3}']
      for (const [index, line] of lines.entries()) expect(await append(line, index + 1, index)).toBe(true)
      for (const { trail } of writers) expect(await trail.lines()).toEqual(lines)
    })

    test('takes no line for a place that is taken', async () => {
      const taken = await length()
      const before = await writerAt(0).trail.lines()
      for (let seq = 1; seq <= taken; seq++) expect(await append('other', seq, seq)).toBe(false)
      expect(await writerAt(1).trail.lines()).toEqual(before)
    })

    test('leaves no gap', async () => {
      const before = await writerAt(0).trail.lines()
      for (const seq of [before.length + 2, before.length + 100, 0, -1, 1.5]) {
        const end = await append('far', seq).catch((error: unknown) => error)
        if (end !== false) expect(end).toMatchObject({ code: 'InvalidArgument' })
      }
      expect(await writerAt(0).trail.lines()).toEqual(before)
    })

    test.each(['a\nb', 'a\n', '\n'])('takes no line with a line feed in it: %j', async (line) => {
      const before = await length()
      expect(await outcome(append(line, before + 1))).toBe('InvalidArgument')
      expect(await length()).toBe(before)
    })

    test('keeps a long line whole', async () => {
      const seq = (await length()) + 1
      const line = 'x'.repeat(300_000)
      expect(await append(line, seq)).toBe(true)
      expect((await writerAt(1).trail.lines())[seq - 1]).toBe(line)
    })

    test('gives a place to exactly one of many, and loses none', async () => {
      const start = await length()
      const rounds = 10
      const write = async (name: string, by: number) => {
        for (let done = 0; done < rounds; ) {
          const seq = (await writerAt(by).trail.lines()).length + 1
          if (await append(`${name}-${done}`, seq, by)) done++
        }
      }
      await cloud().wait(Promise.all(['a', 'b', 'c', 'd'].map(write)))
      const added = (await writerAt(0).trail.lines()).slice(start)
      for (const name of ['a', 'b', 'c', 'd']) {
        const own = added.filter((line) => line.startsWith(name))
        expect(own).toEqual(Array.from({ length: rounds }, (_, i) => `${name}-${i}`))
      }
      expect(added).toHaveLength(4 * rounds)
    })
  })

  describe('secrets', () => {
    const cloud = sharedCloud(maker)
    let keyHost: Cloud
    beforeAll(async () => {
      keyHost = await cloud().open('keyHost')
    })

    test('keeps bytes under a name, for all who are the key host', async () => {
      const name = `a/${fresh()}`
      expect(await keyHost.secrets.get(name)).toBeUndefined()
      const value = Buffer.from([0, 255, 10, 13, 0])
      await keyHost.secrets.put(name, value)
      value.fill(7)
      const other = await cloud().open('keyHost')
      expect(Buffer.from((await other.secrets.get(name)) ?? [])).toEqual(Buffer.from([0, 255, 10, 13, 0]))
      await other.close()
      await keyHost.secrets.put(name, Buffer.from('second'))
      expect(Buffer.from((await keyHost.secrets.get(name)) ?? []).toString()).toBe('second')
    })

    test('keeps an empty value and a large one', async () => {
      const [empty, large] = [fresh(), fresh()]
      await keyHost.secrets.put(empty, Buffer.alloc(0))
      await keyHost.secrets.put(large, Buffer.alloc(60_000, 3))
      expect(await keyHost.secrets.get(empty)).toHaveLength(0)
      expect(Buffer.alloc(60_000, 3).equals((await keyHost.secrets.get(large)) ?? Buffer.alloc(0))).toBe(true)
    })

    test('with ifAbsent a secret that is there stays, and one of many wins', async () => {
      const name = fresh()
      const ends = await cloud().wait(
        Promise.all(Array.from({ length: 6 }, (_, i) => outcome(keyHost.secrets.put(name, Buffer.from(`${i}`), { ifAbsent: true })))),
      )
      expect(ends.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'PreconditionFailed'), 'done'])
      expect(Buffer.from((await keyHost.secrets.get(name)) ?? []).toString()).toBe(String(ends.indexOf('done')))
    })

    test('keeps look-alike names apart and lists them by literal prefix', async () => {
      const base = fresh()
      const names = ['', '/', '/a', '/a/b', '/a-b', '//a', '-', '--rf'].map((end) => base + end)
      for (const name of names) await keyHost.secrets.put(name, Buffer.from(name))
      for (const name of names) expect(Buffer.from((await keyHost.secrets.get(name)) ?? []).toString()).toBe(name)
      expect((await keyHost.secrets.list(base)).toSorted()).toEqual(names.toSorted())
      expect((await keyHost.secrets.list(`${base}/a`)).toSorted()).toEqual(['/a', '/a/b', '/a-b'].map((end) => base + end).toSorted())
      expect(await keyHost.secrets.list(`${base}/zz`)).toEqual([])
    })

    test.each(['', '../x', 'A', 'a b', 'a.b', 'a_b', 'a\n', 'é', 'a\0'])('takes no name like %j', async (name) => {
      const before = await keyHost.secrets.list('')
      expect(await outcome(keyHost.secrets.put(name, Buffer.from('x')))).toBe('InvalidArgument')
      expect(await outcome(keyHost.secrets.get(name))).toBe('InvalidArgument')
      expect(await keyHost.secrets.list('')).toEqual(before)
    })
  })

  describe('notices', () => {
    const cloud = sharedCloud(maker)

    test('reach people at least once, with the same id each time', async () => {
      const agent = await cloud().open('agent')
      const notice = { id: `run#${fresh()}#start`, subject: 'system is working on PHI data', text: 'Line one.\nLine two: é' }
      await agent.notices.publish(notice)
      await agent.notices.publish(notice)
      const got = (await cloud().published()).filter(({ id }) => id === notice.id)
      expect(got.length).toBeGreaterThanOrEqual(1)
      for (const one of got) expect(one).toEqual(notice)
      await agent.close()
    })

    test('with hostile ids are kept apart', async () => {
      const agent = await cloud().open('agent')
      const suffix = fresh()
      const ids = ['../x', 'x', 'X', '-rf', 'a/b', 'a#b', 'a%23b', '..', ''].map((id) => id + suffix)
      for (const id of ids) await agent.notices.publish({ id, subject: 's', text: id })
      const got = await cloud().published()
      for (const id of ids) expect(got.filter((notice) => notice.id === id).map(({ text }) => text)).toEqual([id])
      await agent.close()
    })
  })
}
