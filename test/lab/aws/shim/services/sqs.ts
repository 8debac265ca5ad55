import { type Json, rewritten } from '../ask.ts'
import { corrected, type Handler } from '../handler.ts'

/** Attributes of queues. */
export function sqs(): readonly Handler[] {
  return [
    corrected('sqs:GetQueueAttributes', 'moto writes the redrive policy with spaces, AWS without', async (ask, moto) =>
      rewritten(await moto(ask), (text) => {
        const answer: Json = JSON.parse(text)
        const attributes = answer['Attributes'] as Readonly<Record<string, string>> | undefined
        const redrive = attributes?.['RedrivePolicy']
        return redrive === undefined
          ? text
          : JSON.stringify({ ...answer, Attributes: { ...attributes, RedrivePolicy: JSON.stringify(JSON.parse(redrive)) } })
      }),
    ),
  ]
}
