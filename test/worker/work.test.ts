import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CloudError } from '../../cloud/ports.ts'
import { sha256 } from '../../custody/canonical.ts'
import { type ReleaseAnswer, releaseAnswerSchema } from '../../custody/messages.ts'
import { attemptFile, manifestKey } from '../../custody/names.ts'
import { encryptTo, generateKeyPair } from '../../custody/openpgp.ts'
import { answer } from '../../key-host/answer.ts'
import { homerKey } from '../../key-host/homer-key.ts'
import { enrolOwner } from '../../key-host/owners.ts'
import { type Bench, HEADER, makeBench, openDoor, VISITS } from './bench.ts'

let bench: Bench
beforeEach(async () => {
  bench = await makeBench()
})
afterEach(() => bench.close())

describe('a sample', () => {
  it('is worked on and its result published, readable by the owner and by HomerKey alone', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    expect(await bench.start(job)).toEqual({ outcome: 'published' })

    const { unit } = job.signed.ticket
    const manifest = await bench.manifest(unit)
    expect(manifest).toMatchObject({ run: bench.run, unit, attempt: 1, instance: job.instance, ownerFingerprint: bench.owner.fingerprint })
    const [file] = manifest?.files ?? []
    expect(file?.key).toBe(attemptFile(bench.run, unit, 1, 1))
    const stored = await bench.world.objects.get('output', file?.key ?? '')
    const bytes = Buffer.concat(await Array.fromAsync(stored.body))
    expect(file).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })

    const secret = (await homerKey(bench.keyHost.cloud.secrets)) ?? ''
    for (const key of [bench.owner.secret, secret]) {
      const { name, text } = await bench.opened(file?.key ?? '', key)
      expect(name).toBe('summary.csv')
      expect(text.split('\n')[1]).toBe('P001,2,125,120,130,82,80,84,16,15,17,75,70,80,98,97.5,98.5,98.5,98.4,98.6,150.5,150,151')
    }
    await expect(bench.opened(file?.key ?? '', (await generateKeyPair({ name: 'another' })).secret)).rejects.toMatchObject({
      code: 'wrong-key',
    })
  })

  it('leaves no plain data behind, tells its end, and has beaten its heart', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    await bench.start(job)
    expect(await readdir(bench.scratch)).toEqual([])
    expect(await bench.end(job)).toEqual({ outcome: 'published' })
    const beat = await bench.beat(job)
    expect(beat.stage).toBe('running')
    expect(beat.seq).toBeGreaterThan(1)
  })

  it('is not asked a key for before the door is shut and the last session is gone', async () => {
    const door = await openDoor()
    const lockedFile = join(bench.scratch, 'locked')
    const job = await bench.sample(await bench.encrypt(VISITS))
    const ending = bench.start(job, { door, lockedFile })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(await bench.relay(job, 'request')).toBeUndefined()
    await door.shut()
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(await bench.relay(job, 'request')).toBeUndefined()
    expect((await bench.beat(job)).stage).toBe('waiting')
    await writeFile(lockedFile, '')
    expect(await ending).toEqual({ outcome: 'published' })
  })

  it('gives up without a word when the door stays open', async () => {
    const door = await openDoor()
    const job = await bench.sample(await bench.encrypt(VISITS))
    await expect(bench.start(job, { door, lockTimeoutMs: 50 })).rejects.toThrow('waited 50 ms for the door to be shut')
    await door.shut()
    expect(await bench.end(job)).toBeUndefined()
  })

  it('does not take a door that cannot be found for one that is shut', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    const nowhere = { door: { host: 'nowhere.invalid', port: 22 }, lockTimeoutMs: 50 }
    await expect(bench.start(job, nowhere)).rejects.toThrow('waited 50 ms for the door to be shut')
  })

  it('goes under the name its owner gave it, made safe, into a directory of its own', async () => {
    const pipeline = await bench.script('ls -A "$1" > "$2/names"; cat "$1"/* > "$2/text"')
    const names = { 'visits 2.csv': 'visits_2.csv', '../../etc/passwd': '_.._etc_passwd', '-rf': 'rf', '': 'sample', '\u202e..': 'sample' }
    for (const [given, safe] of Object.entries(names)) {
      const job = await bench.sample(await bench.encrypt('hello', given))
      await bench.start(job, { pipeline })
      const files = (await bench.manifest(job.signed.ticket.unit))?.files ?? []
      expect(await bench.opened(files[0]?.key ?? '')).toEqual({ name: 'names', text: `${safe}\n` })
      expect(await bench.opened(files[1]?.key ?? '')).toEqual({ name: 'text', text: 'hello' })
    }
  })
})

describe('a sample that cannot have a result', () => {
  const other = generateKeyPair({ name: 'another' })
  const cases: Record<string, { readonly bytes: () => Promise<Uint8Array> | Uint8Array; readonly ends: string }> = {
    'is not OpenPGP': { bytes: () => Buffer.from(VISITS), ends: 'not-pgp' },
    'is empty as an object': { bytes: () => Buffer.alloc(0), ends: 'not-pgp' },
    'holds an empty file': { bytes: () => bench.encrypt(''), ends: 'empty' },
    'is encrypted to somebody else': {
      bytes: async () => encryptTo([(await other).public], Buffer.from(VISITS), 'v.csv'),
      ends: 'wrong-key',
    },
    'was changed on its way': {
      bytes: async () => {
        const bytes = await bench.encrypt(VISITS)
        const at = bytes.length - 30
        bytes[at] = (bytes[at] ?? 0) ^ 1
        return bytes
      },
      ends: 'tampered',
    },
    'was cut on its way': { bytes: async () => (await bench.encrypt(VISITS)).slice(0, -40), ends: 'tampered' },
    'is larger than is allowed': { bytes: () => bench.encrypt('x'.repeat(1024 * 1024 + 1)), ends: 'too-large' },
    'is not what the pipeline expects': { bytes: () => bench.encrypt('not,a,table\n1,2,3\n'), ends: 'pipeline-crash' },
  }
  for (const [title, { bytes, ends }] of Object.entries(cases)) {
    it(`ends ${ends} when it ${title}`, async () => {
      const job = await bench.sample(await bytes())
      expect(await bench.start(job)).toEqual({ outcome: 'failed', class: ends })
      expect(await bench.end(job)).toEqual({ outcome: 'failed', class: ends })
      expect(await bench.manifest(job.signed.ticket.unit)).toBeUndefined()
      expect(await readdir(bench.scratch)).toEqual([])
    })
  }

  it('ends input-missing when its object is gone', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    if (job.signed.ticket.kind === 'sample') await bench.world.objects.delete('input', job.signed.ticket.object.key)
    expect(await bench.start(job)).toEqual({ outcome: 'failed', class: 'input-missing' })
  })

  it('ends input-missing when its object was replaced after the ticket was written', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    if (job.signed.ticket.kind === 'sample') {
      await bench.world.open('owner').objects.put('input', job.signed.ticket.object.key, await bench.encrypt(VISITS))
    }
    expect(await bench.start(job)).toEqual({ outcome: 'failed', class: 'input-missing' })
  })

  it('ends input-missing when its object is replaced between the look at its packets and the fetch', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    const other = await bench.encrypt(VISITS)
    const replace = async () => {
      if (job.signed.ticket.kind === 'sample') await bench.world.open('owner').objects.put('input', job.signed.ticket.object.key, other)
    }
    const end = await bench.start(job, {}, { answer: async (real) => real().finally(replace) })
    expect(end).toEqual({ outcome: 'failed', class: 'input-missing' })
  })

  it('ends owner-unknown when nobody knows whose it is', async () => {
    await bench.world.secrets.put(`owners/${bench.run}`, Buffer.from('no key'))
    const job = await bench.sample(await bench.encrypt(VISITS))
    const refused = { refused: 'owner-unknown', message: 'nobody' }
    expect(await bench.start(job, {}, { answer: () => refused })).toEqual({ outcome: 'failed', class: 'owner-unknown' })
  })
})

describe('the key', () => {
  const forged = (field: string) => `an answer whose ${field} was changed on its way`
  const meddlings: Record<string, (real: ReleaseAnswer) => object> = {
    [forged('owner')]: (real) => ({ ...real, body: { ...real.body, owner: real.body.homer } }),
    [forged('context')]: (real) => ({ ...real, body: { ...real.body, ctx: { ...real.body.ctx, attempt: 2 } } }),
    [forged('box')]: (real) => ({ ...real, body: { ...real.body, box: { ...real.body.box, iv: Buffer.alloc(12).toString('base64') } } }),
    [forged('signature')]: (real) => ({ ...real, by: { ...real.by, signature: Buffer.alloc(64).toString('base64') } }),
    [forged('signer')]: (real) => ({ ...real, by: { ...real.by, keyId: 'ticket' } }),
    'something that is no answer': () => ({ hello: 1 }),
  }
  for (const [title, meddle] of Object.entries(meddlings)) {
    it(`is not taken from ${title}`, async () => {
      const job = await bench.sample(await bench.encrypt(VISITS))
      const carried = bench.start(job, {}, { answer: async (real) => meddle(releaseAnswerSchema.parse(await real())) })
      await expect(carried).rejects.toMatchObject({ name: 'WorkerError' })
      expect(await bench.end(job)).toBeUndefined()
      expect(await bench.manifest(job.signed.ticket.unit)).toBeUndefined()
    })
  }

  it('is not taken from an answer to another worker', async () => {
    const [first, second] = [await bench.sample(await bench.encrypt(VISITS)), await bench.sample(await bench.encrypt(VISITS))]
    await bench.start(first)
    const stolen = await realAnswer(first)
    await expect(bench.start(second, {}, { answer: () => stolen })).rejects.toThrow('the answer is for another request')
  })

  it('is asked for again under a new nonce when the first had run out', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    const refused = { refused: 'nonce-expired', message: 'too late' }
    const end = await bench.start(job, {}, { newChallenge: true, answer: (real, nth) => (nth === 0 ? refused : real()) })
    expect(end).toEqual({ outcome: 'published' })
  })

  it('is waited for when the key host cannot answer yet', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    const refused = { refused: 'unavailable', message: 'later' }
    const ending = bench.start(job, {}, { answer: () => refused })
    await expect.poll(() => bench.relay(job, 'answer')).toBeDefined()
    const real = await answer(bench.keyHost, (await bench.relay(job, 'request')) ?? '')
    await bench.agent.objects.put('ancillary', `relay/${job.signed.ticket.job}/1/answer.json`, Buffer.from(JSON.stringify(real)))
    expect(await ending).toEqual({ outcome: 'published' })
  })

  const refusals = {
    'released-to-another': undefined,
    'instance-not-running': undefined,
    'too-many-attempts': 'attempts',
    'ticket-invalid': 'refused',
  }
  for (const [refused, ends] of Object.entries(refusals)) {
    it(`refused as ${refused} ends ${ends === undefined ? 'this attempt only' : `the sample ${ends}`}`, async () => {
      const job = await bench.sample(await bench.encrypt(VISITS))
      const ending = bench.start(job, {}, { answer: () => ({ refused, message: 'no' }) })
      if (ends === undefined) await expect(ending).rejects.toThrow(`the key host refused: ${refused}`)
      else expect(await ending).toEqual({ outcome: 'failed', class: ends })
    })
  }

  it('is given up when no challenge or no answer comes', async () => {
    const one = await bench.sample(await bench.encrypt(VISITS))
    await expect(bench.start(one, { keyTimeoutMs: 60 }, { challenge: false })).rejects.toThrow('waited 60 ms for a challenge')
    const two = await bench.sample(await bench.encrypt(VISITS))
    await expect(bench.start(two, { keyTimeoutMs: 60 }, { answer: () => undefined })).rejects.toThrow('waited 60 ms for an answer')
  })

  async function realAnswer(job: { signed: { ticket: { job: string } } }) {
    const { body } = await bench.world.objects.get('ancillary', `relay/${job.signed.ticket.job}/1/answer.json`)
    return releaseAnswerSchema.parse(JSON.parse(Buffer.concat(await Array.fromAsync(body)).toString('utf8')))
  }
})

describe('an attempt', () => {
  it('that comes second leaves the published result as it is, and ends well', async () => {
    const first = await bench.sample(await bench.encrypt(VISITS))
    await bench.start(first)
    const before = await bench.manifest(first.signed.ticket.unit)
    const second = await bench.again(first)
    expect(await bench.start(second)).toEqual({ outcome: 'published' })
    expect(await bench.manifest(first.signed.ticket.unit)).toEqual(before)
  })

  it('whose put was answered by silence finds its own manifest there, and ends well', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    let lost = false
    const end = await bench.start(job, {}, {}, (cloud) => ({
      ...cloud,
      objects: {
        ...cloud.objects,
        get: (bucket, key, options) => cloud.objects.get(bucket, key, options),
        list: (bucket, prefix) => cloud.objects.list(bucket, prefix),
        head: (bucket, key) => cloud.objects.head(bucket, key),
        delete: (bucket, key) => cloud.objects.delete(bucket, key),
        put: async (bucket, key, body, options) => {
          const head = await cloud.objects.put(bucket, key, body, options)
          if (key !== manifestKey(bench.run, job.signed.ticket.unit) || lost) return head
          lost = true
          throw new CloudError('Unavailable', 'the answer was lost')
        },
      },
    }))
    expect(lost).toBe(true)
    expect(end).toEqual({ outcome: 'published' })
  })
})

describe('a consolidation', () => {
  it('puts all published results together into one table and a plot', async () => {
    const more = `${HEADER}\n1939-01-01,P002,110,70,12,60,96,98,140\n1939-01-02,P001,140,88,13,60,96.5,98.6,155\n`
    for (const text of [VISITS, more]) await bench.start(await bench.sample(await bench.encrypt(text)))
    await bench.start(await bench.sample(await bench.encrypt('broken')))
    const job = await bench.table()
    expect(await bench.start(job)).toEqual({ outcome: 'published' })
    const files = (await bench.manifest('table'))?.files ?? []
    expect(files.map(({ key }) => key)).toEqual([1, 2].map((index) => attemptFile(bench.run, 'table', 1, index)))
    const table = await bench.opened(files[0]?.key ?? '')
    expect(table.name).toBe('table.csv')
    expect(table.text.split('\n').map((line) => line.split(',').slice(0, 5).join(','))).toEqual([
      'id,visits,systol_mean,systol_min,systol_max',
      'P001,3,130.000000,120,140',
      'P002,1,110.000000,110,110',
      '',
    ])
    expect(await bench.opened(files[1]?.key ?? '')).toMatchObject({
      name: 'vitals.svg',
      text: expect.stringContaining('Vital signs of 2 patients'),
    })
  })

  it('without a single result ends input-missing', async () => {
    expect(await bench.start(await bench.table())).toEqual({ outcome: 'failed', class: 'input-missing' })
  })

  it('of a result that was changed ends tampered', async () => {
    const job = await bench.sample(await bench.encrypt(VISITS))
    await bench.start(job)
    const key = attemptFile(bench.run, job.signed.ticket.unit, 1, 1)
    const bytes = Buffer.concat(await Array.fromAsync((await bench.world.objects.get('output', key)).body))
    bytes[bytes.length - 30] = (bytes[bytes.length - 30] ?? 0) ^ 1
    await bench.world.objects.put('output', key, bytes)
    expect(await bench.start(await bench.table())).toEqual({ outcome: 'failed', class: 'tampered' })
  })
})

it('the owner of a run is the one whom the key host knows, whatever the agent says', async () => {
  const other = await generateKeyPair({ name: 'another' })
  await expect(enrolOwner(bench.keyHost.cloud.secrets, bench.run, other.public)).rejects.toThrow('has another one')
})
