/** What a test lets other processes do to a local cloud, until they are killed or done: `node actor.ts DIR DEED NAME COUNT`. Says what was acknowledged. */
import { initLocal, openLocal } from '../../../cloud/local/open.ts'
import type { Cloud } from '../../../cloud/ports.ts'
import { launchOf } from './place.ts'

const [dir = '', deed = '', name = '', count = '0'] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const deeds: Readonly<Record<string, (agent: Cloud, round: number) => Promise<void>>> = {
  /** Adds one to a counter that all share. */
  async count({ ledger }, round) {
    for (;;) {
      const now = await ledger.get('counter', 'x')
      const body = { n: Number(now?.body['n'] ?? 0) + 1 }
      const answer = await ledger.write({ op: `${name}-${round}`, puts: [{ pk: 'counter', sk: 'x', ifRev: now?.rev ?? 0, body }] })
      if (answer.applied) return say(`${round}`)
    }
  },
  /** Two rows that must stay equal. */
  async pair({ ledger }, round) {
    const puts = ['a', 'b'].map((sk) => ({ pk: 'pair', sk, ifRev: round, body: { round, filler: 'x'.repeat(5000) } }))
    const { applied } = await ledger.write({ op: `${name}-${round}`, puts })
    if (applied) say(`${round}`)
  },
  /** An object of many pieces, each round over the last. */
  async put({ objects }, round) {
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 20; piece += 1) yield Buffer.alloc(20_000, round % 256)
    }
    await objects.put('ancillary', `relay/${name}/1/beat.json`, body())
    say(`${round}`)
  },
  /** One name that only one may take. */
  async take({ objects }, round) {
    const end = await objects.put('ancillary', `relay/${round}/x`, Buffer.from(name), { ifAbsent: true }).then(
      () => 'mine',
      (error: { code?: string }) => error.code,
    )
    say(`${round} ${end}`)
  },
  async append({ trail }, round) {
    for (;;) {
      const seq = (await trail.lines()).length + 1
      if (await trail.append(seq, JSON.stringify({ name, round, filler: 'x'.repeat(3000) }))) return say(`${round}`)
    }
  },
  async send({ queue }, round) {
    await queue.send('doorbell', `${name}-${round}`)
    say(`${round}`)
  },
  async receive({ queue }) {
    for (const delivery of await queue.receive('doorbell', { waitMs: 500, max: 3, visibilityMs: 60_000 })) {
      await delivery.done()
      say(delivery.body)
    }
  },
  async launch({ compute }, round) {
    const { id } = await compute.launch(launchOf(`${name}-${round}`))
    say(id)
  },
}

if (deed === 'init') await initLocal(dir)
else {
  const agent = await openLocal(dir, 'agent')
  say('ready')
  for (let round = 0; round < Number(count); round += 1) await deeds[deed]?.(agent, round)
  await agent.close()
}
