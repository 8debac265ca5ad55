import { type Ask, formOf, xmlAnswer } from '../ask.ts'
import { type Handler, stubbed } from '../handler.ts'
import { ec2Xml } from '../xml.ts'

/** Settings of an account and region, which moto does not have: kept, and shown as they were set. They change nothing that moto does. */
export function ec2Account(): readonly Handler[] {
  const set = new Map<string, string>()
  const absent = 'moto has no such setting of the account'

  /** A setting that one call changes and one shows: what it is now stands in an element of each answer. */
  const setting = (
    element: string,
    otherwise: string,
    show: string,
    change: Readonly<Record<string, (ask: Ask) => string>>,
  ): readonly Handler[] => [
    ...Object.entries(change).map(([operation, value]) =>
      stubbed(`ec2:${operation}`, absent, (ask) => {
        set.set(element, value(ask))
        return xmlAnswer(ec2Xml(operation, `<return>true</return><${element}>${set.get(element)}</${element}>`))
      }),
    ),
    stubbed(`ec2:${show}`, absent, () => xmlAnswer(ec2Xml(show, `<${element}>${set.get(element) ?? otherwise}</${element}>`))),
  ]

  const given = (name: string) => (ask: Ask) => formOf(ask).get(name) ?? ''
  return [
    ...setting('kmsKeyId', 'alias/aws/ebs', 'GetEbsDefaultKmsKeyId', { ModifyEbsDefaultKmsKeyId: given('KmsKeyId') }),
    ...setting('state', 'unblocked', 'GetSnapshotBlockPublicAccessState', { EnableSnapshotBlockPublicAccess: given('State') }),
    ...setting('imageBlockPublicAccessState', 'unblocked', 'GetImageBlockPublicAccessState', {
      EnableImageBlockPublicAccess: given('ImageBlockPublicAccessState'),
    }),
    ...setting('serialConsoleAccessEnabled', 'false', 'GetSerialConsoleAccessStatus', { DisableSerialConsoleAccess: () => 'false' }),
    ...setting('accountLevel', '', 'GetInstanceMetadataDefaults', { ModifyInstanceMetadataDefaults: metadataDefaults }),
  ]
}

function metadataDefaults(ask: Ask): string {
  const form = formOf(ask)
  return ['HttpTokens', 'HttpPutResponseHopLimit', 'HttpEndpoint', 'InstanceMetadataTags']
    .map((name) => ({ element: name.replace(/^./, (letter) => letter.toLowerCase()), value: form.get(name) }))
    .map(({ element, value }) => (value === null ? '' : `<${element}>${value}</${element}>`))
    .join('')
}
