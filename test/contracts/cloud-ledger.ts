import { beforeAll, describe, expect, test } from 'vitest'
import type { Ledger, LedgerWrite, Row } from '../../cloud/ports.ts'
import { type CloudMaker, fresh, outcome, sharedCloud } from './cloud.ts'

type Put = LedgerWrite['puts'][number]

/** The ledger: conditional, all or nothing, idempotent by op, strongly consistent. */
export function testLedger(maker: CloudMaker): void {
  describe('ledger', () => {
    const cloud = sharedCloud(maker)
    let ledger: Ledger
    beforeAll(async () => {
      ledger = (await cloud().open('agent')).ledger
    })

    const put = (pk: string, sk: string, ifRev: number, body: Put['body'] = {}): Put => ({ pk, sk, ifRev, body })
    const write = (puts: readonly Put[], more: Partial<LedgerWrite> = {}) => ledger.write({ op: fresh(), puts, ...more })

    test('knows nothing of a row that was never written', async () => {
      const pk = fresh()
      expect(await ledger.get(pk, 'a')).toBeUndefined()
      expect(await ledger.query(pk)).toEqual([])
    })

    test('counts the writes of a row from 1 and names the op that made it so', async () => {
      const pk = fresh()
      expect(await write([put(pk, 'a', 0, { n: 1 })], { op: `${pk}-1` })).toEqual({ applied: true })
      expect(await ledger.get(pk, 'a')).toEqual({ pk, sk: 'a', rev: 1, op: `${pk}-1`, body: { n: 1 } })
      expect(await write([put(pk, 'a', 1, { m: 2 })], { op: `${pk}-2` })).toEqual({ applied: true })
      expect(await ledger.get(pk, 'a')).toEqual({ pk, sk: 'a', rev: 2, op: `${pk}-2`, body: { m: 2 } })
    })

    test('keeps every JSON value as it is', async () => {
      const pk = fresh()
      const body = JSON.parse(
        '{"null":null,"yes":true,"zero":0,"float":-1.5e-7,"big":9007199254740991,"text":"a\\u0000\\u2028\\ud83d\\ude00é","list":[1,[],{}],"__proto__":{"x":1},"":"empty"}',
      ) as Row['body']
      await write([put(pk, 'a', 0, body)])
      expect(JSON.stringify((await ledger.get(pk, 'a'))?.body)).toBe(JSON.stringify(body))
    })

    test.each([
      ['a row that must be absent is there', 0],
      ['a row is behind what was expected', 2],
      ['a row is ahead of what was expected', 7],
    ])('refuses when %s, shows it as it is and leaves it', async (_, ifRev) => {
      const pk = fresh()
      await write([put(pk, 'a', 0, { n: 1 })])
      const old = await ledger.get(pk, 'a')
      expect(await write([put(pk, 'a', ifRev, { n: 9 })])).toEqual({ applied: false, conflicts: [{ pk, sk: 'a', old }] })
      expect(await ledger.get(pk, 'a')).toEqual(old)
    })

    test('refuses to change a row that is not there, and makes none', async () => {
      const pk = fresh()
      expect(await write([put(pk, 'a', 1)])).toEqual({ applied: false, conflicts: [{ pk, sk: 'a', old: undefined }] })
      expect(await ledger.query(pk)).toEqual([])
    })

    test('recognises a write that is sent again, also when others wrote after it', async () => {
      const pk = fresh()
      const first = { op: fresh(), puts: [put(pk, 'a', 0, { by: 'first' })] }
      expect(await ledger.write(first)).toEqual({ applied: true })
      expect(await ledger.write(first)).toEqual({ applied: true })
      await write([put(pk, 'a', 1, { by: 'second' })])
      expect(await ledger.write(first)).toEqual({ applied: true })
      expect(await ledger.get(pk, 'a')).toMatchObject({ rev: 2, body: { by: 'second' } })
    })

    test('recognises a delete that is sent again, also when the row is back', async () => {
      const pk = fresh()
      await write([put(pk, 'a', 0)])
      const removal = { op: fresh(), puts: [put(pk, 'a', 1, null)] }
      expect(await ledger.write(removal)).toEqual({ applied: true })
      expect(await ledger.write(removal)).toEqual({ applied: true })
      await write([put(pk, 'a', 0, { back: true })])
      expect(await ledger.write(removal)).toEqual({ applied: true })
      expect(await ledger.get(pk, 'a')).toMatchObject({ rev: 1, body: { back: true } })
    })

    test('tries a refused write anew when it is sent again', async () => {
      const pk = fresh()
      const later = { op: fresh(), puts: [put(pk, 'a', 1, { late: true })] }
      expect(await ledger.write(later)).toMatchObject({ applied: false })
      await write([put(pk, 'a', 0)])
      expect(await ledger.write(later)).toEqual({ applied: true })
    })

    test('deletes, and a row that comes back counts from 1 again', async () => {
      const pk = fresh()
      await write([put(pk, 'a', 0), put(pk, 'b', 0)])
      expect(await write([put(pk, 'a', 1, null)])).toEqual({ applied: true })
      expect(await ledger.get(pk, 'a')).toBeUndefined()
      expect((await ledger.query(pk)).map(({ sk }) => sk)).toEqual(['b'])
      await write([put(pk, 'a', 0, { again: true })])
      expect(await ledger.get(pk, 'a')).toMatchObject({ rev: 1 })
    })

    test('refuses to delete a row that has changed', async () => {
      const pk = fresh()
      await write([put(pk, 'a', 0)])
      await write([put(pk, 'a', 1, { n: 2 })])
      expect(await write([put(pk, 'a', 1, null)])).toMatchObject({ applied: false })
      expect(await ledger.get(pk, 'a')).toMatchObject({ rev: 2 })
    })

    test('writes all rows or none, and tells every one that stood in the way', async () => {
      const pk = fresh()
      await write([put(pk, 'b', 0, { n: 1 }), put(pk, 'c', 0, { epoch: 1 })])
      const [b, c] = await ledger.query(pk)
      const answer = await write([put(pk, 'a', 0), put(pk, 'b', 0), put(`${pk}-other`, 'd', 5), put(pk, 'e', 0)], {
        checks: [{ pk, sk: 'c', equals: { epoch: 2 } }],
      })
      expect(answer).toMatchObject({ applied: false })
      const conflicts = answer.applied ? [] : answer.conflicts
      expect(conflicts.toSorted((x, y) => (x.sk < y.sk ? -1 : 1))).toEqual([
        { pk, sk: 'b', old: b },
        { pk, sk: 'c', old: c },
        { pk: `${pk}-other`, sk: 'd', old: undefined },
      ])
      expect((await ledger.query(pk)).map(({ sk }) => sk)).toEqual(['b', 'c'])
      expect(await write([put(pk, 'a', 0), put(pk, 'b', 1), put(`${pk}-other`, 'd', 0)])).toEqual({ applied: true })
      expect((await ledger.query(pk)).map(({ sk, rev }) => [sk, rev])).toEqual([
        ['a', 1],
        ['b', 2],
        ['c', 1],
      ])
    })

    const seen = { epoch: 3, who: { name: 'x', tags: [1, { a: null, b: 2 }] }, nothing: null }
    test.each([
      ['an equal field', { epoch: 3 }, true],
      ['no field at all', {}, true],
      ['an equal object whose fields come in another order', { who: { tags: [1, { b: 2, a: null }], name: 'x' } }, true],
      ['a null that is there', { nothing: null }, true],
      ['several equal fields', { epoch: 3, nothing: null }, true],
      ['a lower number', { epoch: 2 }, false],
      ['a number that is text', { epoch: '3' }, false],
      ['a null that is not there', { missing: null }, false],
      ['a part of an object', { who: { name: 'x' } }, false],
      ['one of two fields', { epoch: 3, nothing: false }, false],
    ])('fences by a check: %s', async (_, equals, holds) => {
      const pk = fresh()
      await write([put(pk, 'lease', 0, seen)])
      const lease = await ledger.get(pk, 'lease')
      const answer = await write([put(pk, 'work', 0)], { checks: [{ pk, sk: 'lease', equals }] })
      expect(answer).toEqual(holds ? { applied: true } : { applied: false, conflicts: [{ pk, sk: 'lease', old: lease }] })
      expect(await ledger.get(pk, 'lease')).toEqual(lease)
      expect((await ledger.get(pk, 'work')) !== undefined).toBe(holds)
    })

    test('a check of a row that is not there fails', async () => {
      const pk = fresh()
      expect(await write([put(pk, 'a', 0)], { checks: [{ pk, sk: 'lease', equals: {} }] })).toEqual({
        applied: false,
        conflicts: [{ pk, sk: 'lease', old: undefined }],
      })
    })

    test('recognises a write that is sent again, even when its check no longer holds', async () => {
      const pk = fresh()
      await write([put(pk, 'lease', 0, { epoch: 1 })])
      const mine = { op: fresh(), puts: [put(pk, 'a', 0)], checks: [{ pk, sk: 'lease', equals: { epoch: 1 } }] }
      expect(await ledger.write(mine)).toEqual({ applied: true })
      await write([put(pk, 'lease', 1, { epoch: 2 })])
      expect(await ledger.write(mine)).toEqual({ applied: true })
      expect(await ledger.write({ ...mine, op: fresh(), puts: [put(pk, 'a', 1)] })).toMatchObject({ applied: false })
    })

    test('gives rows in the order of the bytes of their names, and by literal prefix', async () => {
      const pk = fresh()
      const names = ['a', 'A', 'a%', 'a%b', 'a_', 'aXb', 'a*', 'b', 'a/1', 'a/10', 'a/2', 'é', '\u{ff5e}', '\u{1f600}', 'a[b]', '~']
      const sorted = names.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
      await write(names.map((sk) => put(pk, sk, 0)))
      await write([put(`${pk}#`, 'a', 0), put(pk.toUpperCase(), 'a', 0)])
      const query = async (prefix?: string) => (await ledger.query(pk, prefix)).map(({ sk }) => sk)
      expect(await query()).toEqual(sorted)
      expect(await query('')).toEqual(sorted)
      for (const prefix of ['a', 'A', 'a%', 'a_', 'a*', 'a[', 'a/1', 'é', '\u{1f600}', 'zz']) {
        expect([prefix, ...(await query(prefix))]).toEqual([prefix, ...sorted.filter((sk) => sk.startsWith(prefix))])
      }
    })

    test('keeps rows apart whose names only look alike', async () => {
      const pk = fresh()
      const names = [
        [pk, 'a b'],
        [`${pk} a`, 'b'],
        [pk, 'A B'],
        [pk, ' a b'],
        [pk, 'a b '],
        [pk, "'; drop table rows; --"],
        [pk, 'a\nb'],
        [pk, 'a\0b'],
        [pk, 'é'],
        [pk, 'e\u0301'],
      ] as const
      for (const [index, [p, s]] of names.entries()) await write([put(p, s, 0, { index })])
      const bodies = await Promise.all(names.map(async ([p, s]) => (await ledger.get(p, s))?.body))
      expect(bodies).toEqual(names.map((_, index) => ({ index })))
    })

    test('takes 100 rows at once and a body of almost 400 KB', async () => {
      const pk = fresh()
      expect(await write(Array.from({ length: 100 }, (_, i) => put(pk, `${i}`, 0)))).toEqual({ applied: true })
      expect(await ledger.query(pk)).toHaveLength(100)
      const text = 'x'.repeat(390_000)
      await write([put(pk, 'big', 0, { text })])
      expect((await ledger.get(pk, 'big'))?.body['text']).toBe(text)
    })

    const row = fresh()
    test.each<[string, LedgerWrite]>([
      ['no row', { op: fresh(), puts: [] }],
      ['101 rows', { op: fresh(), puts: Array.from({ length: 101 }, (_, i) => put(row, `${i}`, 0)) }],
      ['a row twice', { op: fresh(), puts: [put(row, 'a', 0), put(row, 'a', 0, { other: true })] }],
      ['a check of a row that it writes', { op: fresh(), puts: [put(row, 'a', 0)], checks: [{ pk: row, sk: 'a', equals: {} }] }],
      ['a body over 400 KB', { op: fresh(), puts: [put(row, 'a', 0, { text: 'x'.repeat(410_000) })] }],
      ['a revision below 0', { op: fresh(), puts: [put(row, 'a', -1)] }],
      ['no op', { op: '', puts: [put(row, 'a', 0)] }],
    ])('a write with %s can never succeed', async (_, bad) => {
      expect(await outcome(ledger.write(bad))).toBe('InvalidArgument')
      expect(await ledger.query(row)).toEqual([])
    })

    test('is not changed by what callers do to their objects later', async () => {
      const pk = fresh()
      const body = { list: [1, 2] }
      await write([put(pk, 'a', 0, body)])
      body.list.push(3)
      const read = await ledger.get(pk, 'a')
      expect(read?.body).toEqual({ list: [1, 2] })
      Object.assign(read?.body ?? {}, { list: [] })
      expect((await ledger.get(pk, 'a'))?.body).toEqual({ list: [1, 2] })
    })

    test('shows a write to every opener at once', async () => {
      const pk = fresh()
      const other = await cloud().open('intake')
      await write([put(pk, 'a', 0, { n: 1 })])
      expect((await other.ledger.get(pk, 'a'))?.body).toEqual({ n: 1 })
      expect(await other.ledger.query(pk)).toHaveLength(1)
      await other.close()
    })

    test('loses no increment of several openers at once', async () => {
      const pk = fresh()
      const openers = await Promise.all(Array.from({ length: 4 }, (_, i) => cloud().open(i % 2 ? 'agent' : 'intake')))
      const increments = openers.map(async ({ ledger: mine }) => {
        for (let done = 0; done < 10; ) {
          const now = await mine.get(pk, 'counter')
          const body = { n: Number(now?.body['n'] ?? 0) + 1 }
          const answer = await mine.write({ op: fresh(), puts: [put(pk, 'counter', now?.rev ?? 0, body)] })
          if (answer.applied) done++
        }
      })
      await cloud().wait(Promise.all(increments))
      expect(await ledger.get(pk, 'counter')).toMatchObject({ rev: 40, body: { n: 40 } })
      for (const opener of openers) await opener.close()
    })

    test('lets exactly one of many make a row, and shows it to the others', async () => {
      const pk = fresh()
      const answers = await cloud().wait(Promise.all(Array.from({ length: 8 }, (_, i) => write([put(pk, 'a', 0, { by: i })]))))
      const winner = await ledger.get(pk, 'a')
      expect(answers.filter(({ applied }) => applied)).toHaveLength(1)
      for (const answer of answers) {
        if (!answer.applied) expect(answer.conflicts).toEqual([{ pk, sk: 'a', old: winner }])
      }
    })
  })
}
