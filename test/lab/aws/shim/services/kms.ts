import { jsonOf, rewritten } from '../ask.ts'
import { corrected, type Handler } from '../handler.ts'

/** How often keys are renewed. */
export function kms(): readonly Handler[] {
  const days = new Map<unknown, unknown>()
  return [
    corrected('kms:EnableKeyRotation', 'moto forgets after how many days', async (ask, moto) => {
      const { KeyId, RotationPeriodInDays } = jsonOf(ask)
      days.set(KeyId, RotationPeriodInDays)
      return moto(ask)
    }),
    corrected('kms:GetKeyRotationStatus', 'shows after how many days', async (ask, moto) =>
      rewritten(await moto(ask), (text) => {
        const period = days.get(jsonOf(ask)['KeyId'])
        return period === undefined ? text : JSON.stringify({ ...JSON.parse(text), RotationPeriodInDays: period })
      }),
    ),
  ]
}
