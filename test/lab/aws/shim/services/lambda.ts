import { type Answer, type Ask, type Json, jsonOf, rewritten } from '../ask.ts'
import { corrected, type Handler } from '../handler.ts'

const dropped = ['KMSKeyArn', 'DeadLetterConfig', 'LoggingConfig'] as const

/** Functions as they were asked for. */
export function lambda(): readonly Handler[] {
  const asked = new Map<string, Json>()
  const nameOf = ({ path }: Ask): string =>
    decodeURIComponent(/\/functions\/([^/?]+)/.exec(path)?.[1] ?? '')
      .split(':')
      .at(-1) ?? ''
  const shown = (ask: Ask, answer: Answer): Answer =>
    rewritten(answer, (text) => {
      const json: Json = JSON.parse(text)
      const kept = asked.get(nameOf(ask))
      const configuration = json['Configuration'] as Json | undefined
      return JSON.stringify(configuration === undefined ? { ...json, ...kept } : { ...json, Configuration: { ...configuration, ...kept } })
    })

  return [
    corrected('lambda:CreateFunction', 'moto drops key, dead-letter queue and logging', async (ask, moto) => {
      const json = jsonOf(ask)
      asked.set(String(json['FunctionName']), Object.fromEntries(dropped.filter((name) => name in json).map((name) => [name, json[name]])))
      return moto(ask)
    }),
    corrected('lambda:GetFunction', 'shows key, dead-letter queue and logging', async (ask, moto) => shown(ask, await moto(ask))),
  ]
}
