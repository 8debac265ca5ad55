import { type Ask, type Json, jsonAnswer, jsonOf } from '../ask.ts'
import { type Handler, stubbed } from '../handler.ts'

/** Logs of DNS queries: there are names, and nothing is logged. */
export function route53Resolver(): readonly Handler[] {
  const configs = new Map<unknown, Json>()
  const associations = new Map<unknown, Json>()
  const tags = new Map<unknown, unknown>()
  const halved = 'moto makes query logs and takes none away, and forgets their tags'
  let made = 0
  const nextId = (prefix: string): string => `${prefix}-${String(++made).padStart(16, '0')}`

  const shown = (kept: Map<unknown, Json>, id: unknown, as: string) => {
    const found = kept.get(id)
    return found === undefined
      ? jsonAnswer({ __type: 'ResourceNotFoundException', message: `${id} does not exist` }, 400)
      : jsonAnswer({ [as]: found })
  }
  const taken = (kept: Map<unknown, Json>, id: unknown, as: string) => {
    const answer = shown(kept, id, as)
    kept.delete(id)
    return answer
  }
  const idIn = (ask: Ask): unknown => jsonOf(ask)['ResolverQueryLogConfigId']
  const associationIn = (ask: Ask): unknown => jsonOf(ask)['ResolverQueryLogConfigAssociationId']

  return [
    stubbed('route53resolver:CreateResolverQueryLogConfig', halved, (ask) => {
      const { Name, DestinationArn, CreatorRequestId, Tags } = jsonOf(ask)
      const Id = nextId('rqlc')
      const Arn = `arn:aws:route53resolver:${ask.region}:123456789012:resolver-query-log-config/${Id}`
      configs.set(Id, {
        Id,
        Arn,
        Name,
        DestinationArn,
        CreatorRequestId,
        OwnerId: '123456789012',
        ShareStatus: 'NOT_SHARED',
        Status: 'CREATED',
      })
      tags.set(Arn, Tags ?? [])
      return shown(configs, Id, 'ResolverQueryLogConfig')
    }),
    stubbed('route53resolver:GetResolverQueryLogConfig', halved, (ask) => shown(configs, idIn(ask), 'ResolverQueryLogConfig')),
    stubbed('route53resolver:DeleteResolverQueryLogConfig', halved, (ask) => taken(configs, idIn(ask), 'ResolverQueryLogConfig')),
    stubbed('route53resolver:AssociateResolverQueryLogConfig', halved, (ask) => {
      const { ResolverQueryLogConfigId, ResourceId } = jsonOf(ask)
      const Id = nextId('rqlca')
      associations.set(Id, { Id, ResolverQueryLogConfigId, ResourceId, Status: 'ACTIVE', Error: 'NONE' })
      return shown(associations, Id, 'ResolverQueryLogConfigAssociation')
    }),
    stubbed('route53resolver:GetResolverQueryLogConfigAssociation', halved, (ask) =>
      shown(associations, associationIn(ask), 'ResolverQueryLogConfigAssociation'),
    ),
    stubbed('route53resolver:DisassociateResolverQueryLogConfig', halved, (ask) => {
      const { ResolverQueryLogConfigId, ResourceId } = jsonOf(ask)
      const found = [...associations.values()].find(
        (one) => one['ResolverQueryLogConfigId'] === ResolverQueryLogConfigId && one['ResourceId'] === ResourceId,
      )
      return taken(associations, found?.['Id'], 'ResolverQueryLogConfigAssociation')
    }),
    stubbed('route53resolver:ListTagsForResource', halved, (ask) => jsonAnswer({ Tags: tags.get(jsonOf(ask)['ResourceArn']) ?? [] })),
  ]
}
