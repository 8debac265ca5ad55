import { type Answer, type Ask, xmlAnswer } from '../ask.ts'
import { type Handler, stubbed } from '../handler.ts'

/** Bucket policies and access logging: kept as they came. Nothing is refused by a policy, and no access is logged. */
export function s3(): readonly Handler[] {
  const policies = new Map<string, Buffer>()
  const logging = new Map<string, Buffer>()
  const bucketOf = ({ path }: Ask): string => path.split(/[/?]/)[1] ?? ''
  const empty: Answer = { status: 204, headers: {}, body: Buffer.alloc(0) }

  /** Whatever moto says of the bucket itself where there is none. */
  const keep =
    (kept: Map<string, Buffer>, done: Answer): Handler['handle'] =>
    async (ask, moto) => {
      const bucket = await moto({ ...ask, method: 'GET', path: `/${bucketOf(ask)}?location`, body: Buffer.alloc(0) })
      if (bucket.status !== 200) return bucket
      kept.set(bucketOf(ask), ask.body)
      return done
    }

  return [
    stubbed('s3:PutBucketPolicy', 'moto would obey its Denies without their conditions, and refuse everything', keep(policies, empty)),
    stubbed('s3:GetBucketPolicy', 'shows what was put', async (ask, moto) => {
      const policy = policies.get(bucketOf(ask))
      return policy === undefined ? moto(ask) : { status: 200, headers: { 'content-type': 'application/json' }, body: policy }
    }),
    stubbed('s3:DeleteBucketPolicy', 'forgets what was put', (ask) => {
      policies.delete(bucketOf(ask))
      return empty
    }),
    stubbed(
      's3:PutBucketLogging',
      "moto wants one wording of the log bucket's policy, and fails on others",
      keep(logging, { ...empty, status: 200 }),
    ),
    stubbed('s3:GetBucketLogging', 'shows what was put', async (ask, moto) => {
      const kept = logging.get(bucketOf(ask))
      return kept === undefined ? moto(ask) : xmlAnswer(kept.toString())
    }),
  ]
}
