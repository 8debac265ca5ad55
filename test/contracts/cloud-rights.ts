import { beforeAll, describe, expect, test } from 'vitest'
import type { Cloud, Launch } from '../../cloud/ports.ts'
import { sha256 } from '../../custody/canonical.ts'
import { attemptPrefix, manifestKey, relayPrefix, sampleKey, TABLE } from '../../custody/names.ts'
import { type CloudMaker, type CloudUnderTest, fresh, launchWorker, outcome, sampleTags, sharedCloud } from './cloud.ts'
import { type Asker, askers, type Place, tables } from './cloud-rights-asks.ts'

/** For each role, all it may do and all it may not. */
export function testRights(maker: CloudMaker): void {
  describe('rights', () => {
    const cloud = sharedCloud(maker)
    const open = new Map<Asker, Cloud>()
    let place: Place
    beforeAll(async () => {
      const given = await settle(cloud())
      place = given.place
      for (const asker of askers) {
        const instance = asker === 'worker' ? place.instance : asker === 'consolidator' ? given.consolidator : undefined
        open.set(asker, await cloud().open(asker === 'consolidator' ? 'worker' : asker, instance === undefined ? {} : { instance }))
      }
    }, 60_000)

    describe.each(Object.entries(tables))('over %s', (_, asks) => {
      test.each(askers)('%s may do exactly what its job needs', async (asker) => {
        const opened = open.get(asker)
        const wrong: string[] = []
        for (const { what, may, ends, call } of asks) {
          if (opened === undefined) throw new Error(`${asker} was not opened`)
          const end = await cloud().wait(outcome(() => call(opened, { ...place, fresh: fresh() })))
          const allowed = may.includes(asker)
          const right = allowed ? end === 'done' || end === ends : end === 'AccessDenied'
          if (!right) wrong.push(`${what}: ${allowed ? 'must work' : 'must be refused'}, came ${end}`)
        }
        expect(wrong).toEqual([])
      })
    })

    test('what was refused has changed nothing', async () => {
      const sweeper = await cloud().open('sweeper')
      const left = await Promise.all((['input', 'output', 'ancillary'] as const).map((bucket) => sweeper.objects.list(bucket, '')))
      const strange = left.flat().filter(({ key }) => !/^(incoming\/|runs\/|relay\/)/.test(key))
      expect(strange).toEqual([])
      const attempts = left.flat().filter(({ key }) => /\/attempt-(2|10)\//.test(key))
      expect(attempts).toEqual([])
      const { ledger: rows } = await cloud().open('keyHost')
      expect((await rows.query('release#x')).length).toBe(1)
    })
  })
}

/** Puts there what the questions are about. */
async function settle(cloud: CloudUnderTest): Promise<{ place: Place; consolidator: string }> {
  const [run, otherRun, unit, otherUnit] = [fresh(), fresh(), fresh(), fresh()]
  const owner = await cloud.open('owner')
  const samples = [sampleKey(run, unit), sampleKey(run, otherUnit), sampleKey(otherRun, otherUnit)]
  for (const key of samples) await owner.objects.put('input', key, Buffer.alloc(100_000))

  const job = sha256(unit).slice(0, 40)
  const tableJob = sha256(run).slice(0, 40)
  const tags = sampleTags({ job, run, unit })
  const otherTags = sampleTags({ run: otherRun, unit: otherUnit })
  const { object: _, ...unbound } = sampleTags({ job: tableJob, run })
  const launched: Launch = { ...cloud.launchable, token: fresh(), tags }
  const { id: instance } = await (await cloud.open('agent')).compute.launch(launched)
  await cloud.booted(instance)
  const other = await launchWorker(cloud, otherTags)
  const { id: consolidator } = await launchWorker(cloud, { ...unbound, unit: TABLE, kind: 'consolidate' })

  const made: readonly (readonly [string, string, string, string])[] = [
    [instance, run, unit, job],
    [other.id, otherRun, otherUnit, otherTags['job'] ?? ''],
    [consolidator, run, TABLE, tableJob],
  ]
  for (const [id, ofRun, ofUnit, ofJob] of made) {
    const { objects } = await cloud.open('worker', { instance: id })
    await objects.put('output', `${attemptPrefix(ofRun, ofUnit, 1)}1.pgp`, Buffer.alloc(100_000))
    await objects.put('output', manifestKey(ofRun, ofUnit), Buffer.from('{}'), { ifAbsent: true })
    await objects.put('ancillary', `${relayPrefix(ofJob, 1)}seen.json`, Buffer.from('{}'))
  }
  return { place: { run, otherRun, unit, otherUnit, job, tableJob, launched, instance, fresh: '' }, consolidator }
}
