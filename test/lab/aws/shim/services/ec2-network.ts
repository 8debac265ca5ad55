import { type Ask, formOf, rewritten } from '../ask.ts'
import { corrected, type Handler, type Moto } from '../handler.ts'
import { editItems, textOf } from '../xml.ts'

/** Rules of security groups and flow logs as they were asked for. */
export function ec2Network(): readonly Handler[] {
  const descriptions = new Map<string, string>()
  const destinations = new Map<string, string>()

  const authorize = async (ask: Ask, moto: Moto) => {
    const answer = await moto(ask)
    const rules = [...answer.body.toString().matchAll(/<securityGroupRuleId>([^<]+)</g)]
    const said = [...formOf(ask)].filter(([name]) => name.endsWith('.Description'))
    // Of several rules in one call nobody tells which is which: those keep what moto says.
    if (rules.length === 1 && said.length === 1) descriptions.set(rules[0]?.[1] ?? '', said[0]?.[1] ?? '')
    return answer
  }
  const forgets = 'moto forgets the description of a rule to a group or a prefix list'

  return [
    corrected('ec2:AuthorizeSecurityGroupIngress', forgets, authorize),
    corrected('ec2:AuthorizeSecurityGroupEgress', forgets, authorize),
    corrected('ec2:DescribeSecurityGroupRules', 'shows the description of every rule', async (ask, moto) =>
      rewritten(await moto(ask), (xml) =>
        editItems(xml, 'securityGroupRuleSet', (item) => {
          const said = descriptions.get(textOf(item, 'securityGroupRuleId') ?? '')
          return said === undefined || item.includes('<description>')
            ? item
            : item.replace('<tagSet', `<description>${said}</description><tagSet`)
        }),
      ),
    ),
    corrected('ec2:CreateFlowLogs', 'moto forgets how a flow log writes its files', async (ask, moto) => {
      const answer = await moto(ask)
      const form = formOf(ask)
      const options = ['FileFormat', 'HiveCompatiblePartitions', 'PerHourPartition'].map((name) => {
        const element = name.replace(/^./, (letter) => letter.toLowerCase())
        return `<${element}>${form.get(`DestinationOptions.${name}`)}</${element}>`
      })
      const id = textOf(answer.body.toString(), 'item')
      if (id !== undefined && form.has('DestinationOptions.FileFormat')) destinations.set(id, options.join(''))
      return answer
    }),
    corrected('ec2:DescribeFlowLogs', 'shows how a flow log writes its files', async (ask, moto) =>
      rewritten(await moto(ask), (xml) =>
        editItems(xml, 'flowLogSet', (item) => {
          const options = destinations.get(textOf(item, 'flowLogId') ?? '')
          return options === undefined ? item : item.replace('<tagSet', `<destinationOptions>${options}</destinationOptions><tagSet`)
        }),
      ),
    ),
  ]
}
