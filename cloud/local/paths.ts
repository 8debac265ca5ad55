/**
 * Object keys as paths. Every key has a path of its own that stays inside its bucket, and back:
 * - what is not a lower-case letter, a digit, `.`, `_` or `-` is percent-encoded (upper case too: some file systems do not tell it apart);
 * - a key may be the folder of another (`x` and `x/y`), a file may not: folders never have a dot in their names (it is encoded), and
 *   files that have none end in `%o`;
 * - an empty segment is `%`, and a long one is cut into folders whose names end in `%+`.
 */
const CUT = 200
const CONTINUES = '%+'
const NO_DOT = '%o'

/** The names of the folders and the file, in order. */
export const toPath = (key: string): readonly string[] => {
  const segments = key.split('/')
  return [...segments.slice(0, -1).flatMap((segment) => pieces(folderName(segment))), ...pieces(fileName(segments.at(-1) ?? ''))]
}

/** The folders that hold all keys beginning with a prefix that ends in `/`. */
export const toFolders = (prefix: string): readonly string[] =>
  prefix
    .split('/')
    .slice(0, -1)
    .flatMap((segment) => pieces(folderName(segment)))

/** A name for any text, safe in a folder that holds files only. */
export function fileName(text: string): string {
  const encoded = text === '.' || text === '..' ? text.replaceAll('.', '%2e') : encode(text)
  return encoded.includes('.') ? encoded : `${encoded}${NO_DOT}`
}

const folderName = (segment: string): string => (segment === '' ? '%' : encode(segment).replaceAll('.', '%2e'))

const encode = (text: string): string =>
  text.replace(/[^a-z0-9._-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  )

function pieces(name: string): readonly string[] {
  const count = Math.ceil(name.length / CUT)
  return Array.from({ length: count }, (_, at) => `${name.slice(at * CUT, (at + 1) * CUT)}${at + 1 < count ? CONTINUES : ''}`)
}

/** The key of a path; undefined when no key has it. */
export function toKey(path: readonly string[]): string | undefined {
  const joined = path.join('/').replaceAll(`${CONTINUES}/`, '')
  const key = joined.replace(/%o$/, '').split('/').map(decode)
  if (key.includes(undefined)) return undefined
  const found = key.join('/')
  return toPath(found).join('/') === path.join('/') ? found : undefined
}

function decode(name: string): string | undefined {
  try {
    return name === '%' ? '' : decodeURIComponent(name)
  } catch {
    return undefined
  }
}
