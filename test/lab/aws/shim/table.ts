import { operations } from './operations.ts'

const place = /(<!-- operations -->\n).*(<!-- \/operations -->)/s

/** The document with the table of every operation that the shim touches. */
export function withOperations(document: string): string {
  if (!place.test(document)) throw new Error('expected the marks <!-- operations --> and <!-- /operations -->')
  const rows = operations()
    .toSorted((a, b) => (a.operation < b.operation ? -1 : 1))
    .map(({ operation, kind, why }) => `| \`${operation}\` | ${kind} | ${why} |`)
  return document.replace(place, (_, open: string, close: string) => {
    return `${open}\n| operation | is | because |\n|---|---|---|\n${rows.join('\n')}\n\n${close}`
  })
}
