import { jsonOf, withJson } from '../ask.ts'
import { corrected, type Handler } from '../handler.ts'

/** Trails, by ARN as by name. */
export function cloudtrail(): readonly Handler[] {
  return [
    corrected('cloudtrail:StartLogging', 'moto knows a trail by its name only, here', (ask, moto) => {
      const json = jsonOf(ask)
      return moto(withJson(ask, { ...json, Name: String(json['Name']).split('/').at(-1) }))
    }),
  ]
}
