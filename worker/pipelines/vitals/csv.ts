/** Comma-separated values as RFC 4180 has them, read strictly. Messages give line and column, never a value. */

/** Something is wrong with the input, at a line; a value never stands in the message. */
export class InputError extends Error {}

export interface CsvRow {
  /** Counted from 1, the header included. */
  readonly line: number
  readonly fields: readonly string[]
}

/** All rows, the header first. Line feeds or CR LF; a byte-order mark and empty lines at the end are passed over. */
export function parseCsv(text: string): CsvRow[] {
  const rows: CsvRow[] = []
  const source = text.replace(/^\uFEFF/, '').replace(/(\r?\n)+$/, '')
  let line = 1
  let at = 0
  while (at <= source.length) {
    const start = line
    const fields: string[] = []
    for (;;) {
      const [field, next] = source[at] === '"' ? quoted(source, at, start) : plain(source, at)
      line += field.split('\n').length - 1
      fields.push(field)
      at = next
      if (source[at] !== ',') break
      at++
    }
    if (source.startsWith('\r\n', at)) at++
    if (at < source.length && source[at] !== '\n')
      throw new InputError(`line ${start}: expected a comma or the end of the line after a quoted field`)
    rows.push({ line: start, fields })
    line++
    at++
  }
  return rows
}

function plain(source: string, from: number): [field: string, next: number] {
  let to = from
  while (to < source.length && source[to] !== ',' && source[to] !== '\n' && !source.startsWith('\r\n', to)) to++
  return [source.slice(from, to), to]
}

function quoted(source: string, from: number, line: number): [field: string, next: number] {
  let field = ''
  for (let at = from + 1; ; ) {
    const end = source.indexOf('"', at)
    if (end < 0) throw new InputError(`line ${line}: a quoted field does not end`)
    field += source.slice(at, end)
    if (source[end + 1] !== '"') return [field, end + 1]
    field += '"'
    at = end + 2
  }
}

/** Picks the wanted columns out of a table, whatever their order; the header must name each exactly once. */
export function columns(rows: readonly CsvRow[], wanted: readonly string[]): CsvRow[] {
  const [header, ...body] = rows
  const names = header?.fields ?? []
  const places = wanted.map((name) => {
    const place = names.indexOf(name)
    if (place < 0) throw new InputError(`line 1: the column "${name}" is missing`)
    if (names.includes(name, place + 1)) throw new InputError(`line 1: the column "${name}" is there twice`)
    return place
  })
  if (body.length === 0) throw new InputError('no rows after the header')
  return body.map(({ line, fields }) => {
    if (fields.length !== names.length) throw new InputError(`line ${line}: expected ${names.length} fields, got ${fields.length}`)
    return { line, fields: places.map((place) => fields[place] ?? '') }
  })
}

/** A plain decimal number, without exponent, sign other than minus, or blanks. */
export function decimal(text: string, line: number, column: string): number {
  if (!/^-?[0-9]{1,15}(\.[0-9]{1,20})?$/.test(text)) throw new InputError(`line ${line}: column "${column}": expected a decimal number`)
  return Number(text)
}

/** A patient's id: letters, digits, `.`, `_` and `-`, so that no spreadsheet takes it for a formula. */
export function patientId(text: string, line: number): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) {
    throw new InputError(`line ${line}: column "ID": expected 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit`)
  }
  return text
}
