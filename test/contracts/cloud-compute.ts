import { beforeAll, describe, expect, test } from 'vitest'
import type { Cloud, Launch } from '../../cloud/ports.ts'
import { type CloudMaker, cameTrue, fresh, outcome, sampleTags, sharedCloud } from './cloud.ts'

/** Compute: a token is an instance, an end is an end, and what remains is found by looking. Few machines, as they may be real. */
export function testCompute(maker: CloudMaker): void {
  describe('compute', () => {
    const cloud = sharedCloud(maker)
    let agent: Cloud
    let sweeper: Cloud
    const launchOf = (given: Partial<Launch> = {}): Launch => ({ ...cloud().launchable, token: fresh(), tags: sampleTags(), ...given })
    const described = async (id: string) => (await agent.compute.describe()).find((instance) => instance.id === id)
    const isGone = (id: string) => cameTrue(cloud(), async () => (await described(id))?.state === 'terminated')
    const isEmpty = (id: string) => cameTrue(cloud(), async () => (await sweeper.compute.remains(id)).length === 0)

    beforeAll(async () => {
      agent = await cloud().open('agent')
      sweeper = await cloud().open('sweeper')
    })

    test('launches, tells where it is, and ends it without a trace', { timeout: 60_000 }, async () => {
      const request = launchOf()
      const before = agent.clock.now()
      const instance = await agent.compute.launch(request)
      expect(instance).toMatchObject({ token: request.token, tags: request.tags, userData: request.userData })
      expect(instance.id).toMatch(/^i-[0-9a-f]{17}$/)
      expect(['pending', 'running']).toContain(instance.state)
      expect(instance.launchedAt).toBeGreaterThanOrEqual(before - 1000)
      expect(instance.launchedAt).toBeLessThanOrEqual(agent.clock.now() + 1000)

      const early = await agent.compute.hostKey(instance.id)
      await cloud().booted(instance.id)
      const running = await described(instance.id)
      expect(running).toMatchObject({
        id: instance.id,
        state: 'running',
        token: request.token,
        tags: request.tags,
        userData: request.userData,
      })
      expect(running?.launchedAt).toBe(instance.launchedAt)
      expect(running?.address?.host).toBeTruthy()
      expect(running?.address?.port).toBeGreaterThan(0)
      const hostKey = await agent.compute.hostKey(instance.id)
      expect(hostKey).toMatch(/^ssh-ed25519 AAAA[A-Za-z0-9+/=]+$/)
      expect(await agent.compute.hostKey(instance.id)).toBe(hostKey)
      expect([undefined, hostKey]).toContain(early)
      expect(await sweeper.compute.remains(instance.id)).not.toEqual([])

      // The same token, verbatim, is the same instance; with anything changed it is an error; nothing more is launched.
      const count = (await agent.compute.describe()).length
      expect((await agent.compute.launch(request)).id).toBe(instance.id)
      expect((await agent.compute.launch({ ...request, tags: Object.fromEntries(Object.entries(request.tags).reverse()) })).id).toBe(
        instance.id,
      )
      const changes: Partial<Launch>[] = [
        { image: 'other' },
        { type: 'other' },
        { subnet: 'other' },
        { userData: `${request.userData} ` },
        { tags: { ...request.tags, attempt: '2' } },
        { tags: { ...request.tags, more: 'x' } },
      ]
      for (const change of changes) {
        expect([change, await outcome(agent.compute.launch({ ...request, ...change }))]).toEqual([change, 'IdempotentParameterMismatch'])
      }
      expect(await agent.compute.describe()).toHaveLength(count)

      for (let times = 0; times < 3; times++) await sweeper.compute.terminate(instance.id)
      expect(await isGone(instance.id)).toBe(true)
      expect(await isEmpty(instance.id)).toBe(true)
      await sweeper.compute.terminate(instance.id)
      expect(await sweeper.compute.remains(instance.id)).toEqual([])
      expect(await described(instance.id)).toMatchObject({ state: 'terminated', tags: request.tags })
      expect(await outcome(agent.compute.launch(request))).toBe('IdempotentInstanceTerminated')
      expect(await agent.compute.describe()).toHaveLength(count)
    })

    test('one token is one instance, also when many send it at once', { timeout: 60_000 }, async () => {
      const request = launchOf()
      const openers = await Promise.all(Array.from({ length: 5 }, () => cloud().open('agent')))
      const all = await cloud().wait(Promise.all(openers.map(({ compute }) => compute.launch(request))))
      const [first] = all
      expect(new Set(all.map(({ id }) => id)).size).toBe(1)
      expect((await agent.compute.describe()).filter(({ token }) => token === request.token)).toHaveLength(1)
      await sweeper.compute.terminate(first?.id ?? '')
      expect(await isEmpty(first?.id ?? '')).toBe(true)
      for (const opener of openers) await opener.close()
    })

    test('an instance that dies by itself shows as terminated, and nothing of it is left', { timeout: 60_000 }, async () => {
      const { id } = await agent.compute.launch(launchOf())
      await cloud().booted(id)
      await cloud().die(id)
      expect(await isGone(id)).toBe(true)
      expect(await isEmpty(id)).toBe(true)
    })

    test('an instance may be ended before it has booted', { timeout: 60_000 }, async () => {
      const { id } = await agent.compute.launch(launchOf())
      await sweeper.compute.terminate(id)
      expect(await isGone(id)).toBe(true)
      expect(await isEmpty(id)).toBe(true)
      await cloud().pass(300)
      expect(await sweeper.compute.remains(id)).toEqual([])
    })

    test.each(['', 'i-0', '../x', '-rf', `i-${'0'.repeat(17)}`])('cannot end %j, which was never launched', async (id) => {
      expect(await outcome(sweeper.compute.terminate(id))).toBe('NotFound')
    })

    const without = (tag: string) => Object.fromEntries(Object.entries(sampleTags()).filter(([name]) => name !== tag))
    test.each<[string, () => Partial<Launch>]>([
      ['no token', () => ({ token: '' })],
      ['a token of 65 characters', () => ({ token: 'x'.repeat(65) })],
      ['a token that is not ASCII', () => ({ token: 'é' })],
      ['user data over 16 KiB', () => ({ userData: 'x'.repeat(16_385) })],
      ...['job', 'run', 'attempt', 'worker', 'kind'].map((tag): [string, () => Partial<Launch>] => [
        `no tag ${tag}`,
        () => ({ tags: without(tag) }),
      ]),
    ])('a launch with %s can never succeed, and launches nothing', async (_, given) => {
      const before = (await agent.compute.describe()).length
      expect(await outcome(agent.compute.launch(launchOf(given())))).toBe('InvalidArgument')
      expect(await agent.compute.describe()).toHaveLength(before)
    })
  })
}
