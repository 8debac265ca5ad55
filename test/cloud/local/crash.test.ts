import { existsSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layout } from '../../../cloud/local/layout.ts'
import { initLocal } from '../../../cloud/local/open.ts'
import { residue } from '../../../cloud/local/residue.ts'
import type { Cloud } from '../../../cloud/ports.ts'
import { type Actor, act, launchOf, newPlace, type Place, stateOf, until } from './place.ts'

let place: Place
let agent: Cloud
let sweeper: Cloud
beforeEach(async () => {
  place = await newPlace()
  agent = await place.open('agent')
  sweeper = await place.open('sweeper')
})
afterEach(() => place.dispose())

const acknowledged = (actor: Actor): readonly string[] => actor.lines.slice(1)

/** Lets it do some rounds, then kills it in the middle of whatever it does. */
async function killAfter(actor: Actor, rounds: number, more: number): Promise<readonly string[]> {
  await until(`${rounds} rounds`, () => acknowledged(actor).length >= rounds)
  await pause(more)
  actor.child.kill('SIGKILL')
  expect(await actor.end).toBe('SIGKILL')
  return acknowledged(actor)
}

describe('several processes at once', () => {
  test('lose no increment of a row', async () => {
    const actors = ['a', 'b', 'c'].map((name) => act(place.dir, 'count', name, '40'))
    expect(await Promise.all(actors.map(({ end }) => end))).toEqual([0, 0, 0])
    expect(await agent.ledger.get('counter', 'x')).toMatchObject({ rev: 120, body: { n: 120 } })
  })

  test('take each name once', async () => {
    const actors = ['a', 'b', 'c'].map((name) => act(place.dir, 'take', name, '60'))
    await Promise.all(actors.map(({ end }) => end))
    const winners = actors.flatMap((actor) => acknowledged(actor).filter((line) => line.endsWith(' mine')))
    expect(winners.map((line) => Number(line.split(' ')[0])).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, round) => round))
    expect(actors.flatMap(acknowledged).filter((line) => line.endsWith(' PreconditionFailed'))).toHaveLength(120)
  })

  test('append to one chain without a gap or a torn line', async () => {
    const actors = ['a', 'b', 'c'].map((name) => act(place.dir, 'append', name, '40'))
    await Promise.all(actors.map(({ end }) => end))
    const lines = (await agent.trail.lines()).map((line): { name: string; round: number } => JSON.parse(line))
    expect(lines).toHaveLength(120)
    for (const name of ['a', 'b', 'c']) {
      expect(lines.filter((line) => line.name === name).map(({ round }) => round)).toEqual(Array.from({ length: 40 }, (_, round) => round))
    }
  })

  test('pass every message on once while nobody dies', async () => {
    const senders = ['a', 'b'].map((name) => act(place.dir, 'send', name, '50'))
    const receivers = ['c', 'd'].map((name) => act(place.dir, 'receive', name, '40'))
    await Promise.all(senders.map(({ end }) => end))
    await until('all arrived', () => receivers.flatMap(acknowledged).length >= 100)
    for (const { child } of receivers) child.kill('SIGKILL')
    await Promise.all(receivers.map(({ end }) => end))
    const sent = ['a', 'b'].flatMap((name) => Array.from({ length: 50 }, (_, round) => `${name}-${round}`))
    expect(receivers.flatMap(acknowledged).sort()).toEqual(sent.sort())
  })

  test('launch one instance with one token', async () => {
    const actors = Array.from({ length: 3 }, () => act(place.dir, 'launch', 'same', '1'))
    await Promise.all(actors.map(({ end }) => end))
    const ids = new Set(actors.flatMap(acknowledged))
    expect(ids.size).toBe(1)
    const [id = ''] = ids
    await until('it runs', () => stateOf(agent, id, 'running'))
    await until(
      'the machines that came second are gone',
      async () => (await sweeper.compute.remains(id)).filter((line) => line.startsWith('process')).length === 1,
    )
  })

  test('make one cloud', async () => {
    rmSync(place.dir, { recursive: true })
    const actors = Array.from({ length: 4 }, () => act(place.dir, 'init'))
    expect(await Promise.all(actors.map(({ end }) => end))).toEqual([0, 0, 0, 0])
    const [owner, intake, keyHost] = await Promise.all((['owner', 'intake', 'keyHost'] as const).map((role) => place.open(role)))
    const { createPublicKey, verify } = await import('node:crypto')
    for (const [by, key] of [
      [intake, 'ticket'],
      [intake, 'audit'],
      [keyHost, 'answer'],
      [keyHost, 'audit'],
    ] as const) {
      const made = await by?.signer.sign(key, Buffer.from('x'))
      const pem = (await owner?.signer.publicKey(made?.keyId ?? '')) ?? ''
      expect(verify('sha256', Buffer.from('x'), createPublicKey(pem), made?.signature ?? Buffer.alloc(0))).toBe(true)
    }
    expect(await residue(place.dir)).toEqual([])
  })
})

describe('after a kill -9 in the middle', () => {
  test.each([0, 4])('the ledger has what was acknowledged, and all of a write or nothing (%d ms later)', async (more) => {
    const done = await killAfter(act(place.dir, 'pair', 'x', '100000'), 20, more)
    const [a, b] = await Promise.all(['a', 'b'].map((sk) => agent.ledger.get('pair', sk)))
    expect(a?.body).toEqual(b?.body)
    expect(Number(a?.body['round'])).toBeGreaterThanOrEqual(Number(done.at(-1)))
    expect(Number(a?.body['round'])).toBeLessThanOrEqual(Number(done.at(-1)) + 1)
  })

  test.each([0, 2, 5])('an object is one whole version, and the unfinished one is cleared away (%d ms later)', async (more) => {
    const done = await killAfter(act(place.dir, 'put', 'x', '100000'), 5, more)
    const { body } = await agent.objects.get('ancillary', 'relay/x/1/beat.json')
    const bytes = Buffer.concat(await Array.fromAsync(body))
    expect(bytes).toHaveLength(400_000)
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true)
    expect([Number(done.at(-1)) % 256, (Number(done.at(-1)) + 1) % 256]).toContain(bytes[0])
    await place.open('agent')
    expect(readdirSync(layout(place.dir).temporary)).toEqual([])
  })

  test.each([0, 2])('the chain has whole lines and goes on (%d ms later)', async (more) => {
    const done = await killAfter(act(place.dir, 'append', 'x', '100000'), 20, more)
    const lines = await agent.trail.lines()
    expect(lines.length - done.length).toBeGreaterThanOrEqual(0)
    expect(lines.length - done.length).toBeLessThanOrEqual(1)
    expect(lines.map((line): { round: number } => JSON.parse(line)).map(({ round }) => round)).toEqual(lines.map((_, round) => round))
    expect(await agent.trail.append(lines.length + 1, '{}')).toBe(true)
  })

  test('a message that was being handled comes again', async () => {
    await agent.queue.send('doorbell', 'x')
    await agent.queue.receive('doorbell', { waitMs: 0, max: 1, visibilityMs: 300 }) // and never done
    const [again] = await agent.queue.receive('doorbell', { waitMs: 5000, max: 1, visibilityMs: 1000 })
    expect(again).toMatchObject({ body: 'x', receives: 2 })
  })

  test.each([0, 5, 30])('a launch is made good by the same request, and leaves no second machine (%d ms later)', async (more) => {
    const actor = act(place.dir, 'launch', 'x', '3')
    await until('it is at it', () => actor.lines.length > 0)
    await pause(more)
    actor.child.kill('SIGKILL')
    await actor.end
    const ids = await Promise.all([0, 1, 2].map(async (round) => (await agent.compute.launch(launchOf(`x-${round}`))).id))
    for (const [round, id] of acknowledged(actor).entries()) expect(ids[round]).toBe(id)
    for (const id of ids) await until('it runs', () => stateOf(agent, id, 'running'))
    expect(await agent.compute.describe()).toHaveLength(3)
    for (const id of ids) await sweeper.compute.terminate(id)
    for (const id of ids) expect(await sweeper.compute.remains(id)).toEqual([])
    expect(await residue(place.dir)).toEqual([])
  })

  test.each([0, 10, 30])('init is completed by the next (%d ms later)', async (more) => {
    const dir = `${place.dir}/inner`
    const actor = act(dir, 'init')
    await until('it has begun', () => existsSync(dir))
    await pause(more)
    actor.child.kill('SIGKILL')
    await actor.end
    await initLocal(dir)
    const { openLocal } = await import('../../../cloud/local/open.ts')
    const cloud = await openLocal(dir, 'intake')
    await cloud.signer.sign('ticket', Buffer.from('x'))
    await cloud.close()
    expect(readdirSync(dir).filter((name) => name.startsWith('.tmp-'))).toEqual([])
  })
})
