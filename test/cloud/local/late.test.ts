import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../../custody/canonical.ts'
import { boot, newPlace, type Place } from './place.ts'

let place: Place
beforeAll(async () => {
  place = await newPlace()
})
afterAll(() => place.dispose())

describe('what comes too late changes nothing', () => {
  test('a retry of a message that somebody else has received since', async () => {
    const { queue } = await place.open('agent')
    await queue.send('doorbell', 'x')
    const [first] = await queue.receive('doorbell', { waitMs: 0, max: 1, visibilityMs: 50 })
    await pause(100)
    const [second] = await queue.receive('doorbell', { waitMs: 0, max: 1, visibilityMs: 60_000 })
    expect(second?.receives).toBe(2)
    await first?.retry(0)
    expect(await queue.receive('doorbell', { waitMs: 0, max: 1, visibilityMs: 60_000 })).toEqual([])
  })

  test.each<[string, (id: string, pid: number) => Promise<void> | void]>([
    ['was terminated', async (id) => (await place.open('sweeper')).compute.terminate(id)],
    ['was killed, which nobody has seen yet', (_, pid) => void process.kill(pid, 'SIGKILL')],
  ])('a good proof of an instance that %s', async (_, end) => {
    const [agent, keyHost] = [await place.open('agent'), await place.open('keyHost')]
    const { id, pid } = await boot(place, agent)
    const worker = await place.open('worker', { instance: id })
    const binding = sha256('what is asked')
    const proof = await worker.attestor.prove(binding)
    expect(await keyHost.attestor.verify(proof, binding)).toEqual({ instance: id })
    await end(id, pid)
    await pause(50)
    await expect(keyHost.attestor.verify(proof, binding)).rejects.toMatchObject({ code: 'InvalidIdentity' })
  })
})
