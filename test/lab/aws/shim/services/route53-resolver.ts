import { jsonAnswer, jsonOf } from '../ask.ts'
import { corrected, type Handler } from '../handler.ts'

/** Tags of the log of DNS queries. */
export function route53Resolver(): readonly Handler[] {
  const tags = new Map<string, unknown>()
  return [
    corrected('route53resolver:CreateResolverQueryLogConfig', 'moto loses the tags', async (ask, moto) => {
      const answer = await moto(ask)
      const made = jsonOf(answer)['ResolverQueryLogConfig'] as { readonly Arn?: string } | undefined
      if (made?.Arn !== undefined) tags.set(made.Arn, jsonOf(ask)['Tags'] ?? [])
      return answer
    }),
    corrected('route53resolver:ListTagsForResource', 'moto has tags of endpoints and rules only', async (ask, moto) => {
      const kept = tags.get(String(jsonOf(ask)['ResourceArn']))
      return kept === undefined ? moto(ask) : jsonAnswer({ Tags: kept })
    }),
  ]
}
