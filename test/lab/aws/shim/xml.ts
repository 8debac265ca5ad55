import { type Answer, xmlAnswer } from './ask.ts'

/** The texts of all elements of this name. */
export const textsOf = (xml: string, name: string): readonly string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text)

/** The text of the first element of this name. */
export const textOf = (xml: string, name: string): string | undefined => textsOf(xml, name)[0]

/** The same XML, each item of every list of this name edited. Lists within items are left alone. */
export const editItems = (xml: string, list: string, edit: (item: string) => string): string =>
  xml.replace(new RegExp(`(<${list}>)(.*?)(</${list}>)`, 'gs'), (_, open: string, inside: string, close: string) =>
    [open, ...itemsIn(inside).map(edit), close].join(''),
  )

function itemsIn(inside: string): readonly string[] {
  const items: string[] = []
  let depth = 0
  let begin = 0
  for (const { 0: tag, index } of inside.matchAll(/<\/?item>/g)) {
    depth += tag === '<item>' ? 1 : -1
    if (depth > 0) continue
    items.push(inside.slice(begin, index + tag.length))
    begin = index + tag.length
  }
  return items
}

/** An answer of EC2. */
export const ec2Xml = (operation: string, inside: string): string =>
  `<${operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>shim</requestId>${inside}</${operation}Response>`

/** How EC2 refuses. */
export const ec2Error = (code: string, message: string): Answer =>
  xmlAnswer(
    `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>shim</RequestID></Response>`,
    400,
  )
