import { formOf, listOf, rewritten, withForm, xmlAnswer } from '../ask.ts'
import { corrected, type Handler, stubbed } from '../handler.ts'
import { ec2Error, ec2Xml, editItems, textOf } from '../xml.ts'

/** What moto lets fall of an instance that was asked for. */
interface Asked {
  readonly tenancy?: string
  readonly monitored?: boolean
}

/** Instances and launch templates as they were asked for. */
export function ec2Instances(): readonly Handler[] {
  const asked = new Map<string, Asked>()
  const shown = (xml: string): string => editItems(xml, 'instancesSet', (item) => mended(item, asked.get(textOf(item, 'instanceId') ?? '')))

  return [
    corrected(
      'ec2:RunInstances',
      'moto forgets tenancy and termination protection, and drops groups that a network interface was given',
      async (ask, moto) => {
        const answer = await moto(ask)
        const form = formOf(ask)
        const tenancy = form.get('Placement.Tenancy')
        for (const [, id = ''] of answer.body.toString().matchAll(/<instanceId>([^<]+)</g)) {
          asked.set(id, tenancy === null ? {} : { tenancy })
          if (form.get('DisableApiTermination') === 'true') await moto(withForm(ask, protect(id)))
        }
        return rewritten(answer, shown)
      },
    ),
    corrected(
      'ec2:DescribeInstances',
      'shows tenancy, monitoring and groups as asked for, and no address where there is none',
      async (ask, moto) => rewritten(await moto(ask), shown),
    ),
    corrected('ec2:TerminateInstances', 'moto ends an instance although it may not be stopped', async (ask, moto) => {
      const form = formOf(ask)
      for (const id of listOf(form, 'InstanceId')) {
        const attribute = { Action: 'DescribeInstanceAttribute', Attribute: 'disableApiStop', InstanceId: id, Version: '2016-11-15' }
        const answer = await moto(withForm(ask, new URLSearchParams(attribute)))
        if (/<value>true</i.test(answer.body.toString()))
          return ec2Error('OperationNotPermitted', `The instance '${id}' may not be terminated: its 'disableApiStop' is on.`)
      }
      return moto(ask)
    }),
    stubbed('ec2:MonitorInstances', 'moto has no such call', (ask) => {
      const ids = listOf(formOf(ask), 'InstanceId')
      for (const id of ids) asked.set(id, { ...asked.get(id), monitored: true })
      const items = ids.map((id) => `<item><instanceId>${id}</instanceId><monitoring><state>pending</state></monitoring></item>`)
      return xmlAnswer(ec2Xml('MonitorInstances', `<instancesSet>${items.join('')}</instancesSet>`))
    }),
    corrected('ec2:DescribeLaunchTemplateVersions', "moto takes the template's own tags for tags of what it launches", async (ask, moto) =>
      rewritten(await moto(ask), (xml) =>
        editItems(xml, 'tagSpecificationSet', (item) => (textOf(item, 'resourceType') === 'launch-template' ? '' : item)),
      ),
    ),
  ]
}

function mended(item: string, { tenancy, monitored }: Asked = {}): string {
  const groups = /<networkInterfaceSet>.*?(<groupSet>.*?<\/groupSet>)/s.exec(item)?.[1] ?? '<groupSet/>'
  return item
    .replace('<tenancy>default<', `<tenancy>${tenancy ?? 'default'}<`)
    .replace('<monitoring><state>disabled<', `<monitoring><state>${monitored ? 'enabled' : 'disabled'}<`)
    .replaceAll('<association/>', '')
    .replace('<groupSet/>', groups)
}

const protect = (id: string): URLSearchParams =>
  new URLSearchParams({ Action: 'ModifyInstanceAttribute', Version: '2016-11-15', InstanceId: id, 'DisableApiTermination.Value': 'true' })
