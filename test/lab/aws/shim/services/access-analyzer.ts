import { jsonAnswer, jsonOf } from '../ask.ts'
import { type Handler, stubbed } from '../handler.ts'

/** Analyzers: there are names, and nothing is analysed. */
export function accessAnalyzer(): readonly Handler[] {
  const analyzers = new Map<string, Readonly<Record<string, unknown>>>()
  const absent = 'moto has no Access Analyzer'
  return [
    stubbed('access-analyzer:CreateAnalyzer', absent, (ask) => {
      const { analyzerName, type, tags } = jsonOf(ask)
      const name = String(analyzerName)
      const arn = `arn:aws:access-analyzer:${ask.region}:123456789012:analyzer/${name}`
      analyzers.set(name, { name, arn, type, tags, status: 'ACTIVE', createdAt: new Date().toISOString() })
      return jsonAnswer({ arn })
    }),
    stubbed('access-analyzer:GetAnalyzer', absent, ({ path }) => {
      const analyzer = analyzers.get(decodeURIComponent(path.split('/').at(-1) ?? ''))
      return analyzer === undefined
        ? jsonAnswer({ __type: 'ResourceNotFoundException', message: 'no such analyzer' }, 404)
        : jsonAnswer({ analyzer })
    }),
  ]
}
