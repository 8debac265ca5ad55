import { formOf, rewritten } from '../ask.ts'
import { corrected, type Handler } from '../handler.ts'

/** Attributes of topics. */
export function sns(): readonly Handler[] {
  const versions = new Map<string | null, string>()
  return [
    corrected('sns:SetTopicAttributes', 'moto forgets the version of signatures', (ask, moto) => {
      const form = formOf(ask)
      if (form.get('AttributeName') === 'SignatureVersion') versions.set(form.get('TopicArn'), form.get('AttributeValue') ?? '1')
      return moto(ask)
    }),
    corrected('sns:GetTopicAttributes', 'shows the version of signatures', async (ask, moto) =>
      rewritten(await moto(ask), (xml) => {
        const version = versions.get(formOf(ask).get('TopicArn'))
        const entry = `<entry><key>SignatureVersion</key><value>${version}</value></entry></Attributes>`
        return version === undefined ? xml : xml.replace('</Attributes>', entry)
      }),
    ),
  ]
}
