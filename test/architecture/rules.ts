import { posix } from 'node:path'
import { lineAt, type Source } from './source.ts'
import { assembly, keptFromTests, packages, places } from './tables.ts'

/** A rule looks at all files and says, one line each, where it is broken. */
export type Rule = (sources: readonly Source[]) => readonly string[]

const isTest = (path: string): boolean => path.startsWith('test/')
const fits = (place: string, path: string): boolean => (place.endsWith('/') ? path.startsWith(place) : path === place)
const placeOf = (path: string): string | undefined =>
  Object.keys(places)
    .filter((place) => fits(place, path))
    .toSorted((a, b) => b.length - a.length)[0]

/** Holds the import table for what is ours. */
export const importsRunOneWay: Rule = (sources) =>
  sources.flatMap(({ path, imports }) => {
    if (assembly.some((pattern) => pattern.test(path))) return []
    return imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.normalize(posix.join(posix.dirname(path), specifier)))
      .filter((target) => !mayImport(path, target))
      .map((target) => `${path} may not import ${target}`)
  })

function mayImport(path: string, target: string): boolean {
  const from = placeOf(path)
  const to = placeOf(target)
  if (from === undefined || to === undefined) return false
  if (from === to) return true
  // A folder named in the table means that place alone, not the places inside it that the table names too.
  return (places[from] ?? []).some((place) => fits(place, target) && (!place.endsWith('/') || place === to))
}

/** Every relative import names a file as Node reads it. */
export const importsNameFiles: Rule = (sources) =>
  sources.flatMap(({ path, imports }) =>
    imports
      .filter((specifier) => specifier.startsWith('.') && !/\.(ts|json)$/.test(specifier))
      .map((specifier) => `${path}: expected an import that ends with .ts, got ${specifier}`),
  )

/** Each package is named only where it belongs. */
export const packagesHaveTheirPlace: Rule = (sources) =>
  sources.flatMap(({ path, imports }) =>
    imports
      .filter((specifier) => !specifier.startsWith('.'))
      .map((specifier) => (specifier.startsWith('node:') ? specifier : packageOf(specifier)))
      .filter((name) => !name.startsWith('node:') || name in packages)
      .filter((name) => !(isTest(path) && name in packages && !keptFromTests.includes(name)))
      .filter((name) => !packages[name]?.some((pattern) => pattern.test(path)))
      .map((name) => (name in packages ? `${path} may not name ${name}` : `${path} names ${name}, which has no place in the table`)),
  )

const packageOf = (specifier: string): string => {
  const [scope = '', name = ''] = specifier.split('/')
  return scope === '@aws-sdk' || !scope.startsWith('@') ? scope : `${scope}/${name}`
}

/** What a file has is imported from that file. */
export const nothingIsPassedOn: Rule = (sources) =>
  sources.flatMap(({ path, text, code }) => [
    ...(/(^|\/)index\.ts$/.test(path) ? [`${path}: a file is named for what it has, not index.ts`] : []),
    ...found(/\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from\b)/g, code).map(
      (at) => `${path}:${lineAt(text, at)}: exports what another file has`,
    ),
  ])

/** Only reporters and programs speak, and never through the console. */
export const nobodyUsesTheConsole: Rule = (sources) =>
  sources.flatMap(({ path, text, code }) =>
    found(/\bconsole\b\s*[.[?]/g, code).map((at) => `${path}:${lineAt(text, at)}: uses the console`),
  )

const environmentAllowed = [/^scripts\//, /^cli\//, /^[a-z-]+\/main\.ts$/, /^cloud\/local\//, /^test\//]
const environment = /\bprocess\s*(?:\?\.|\.|\[)\s*env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/g
const environmentImported = /\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*['"](?:node:)?process['"]/g

/** What a program is told by its environment is read where it is put together. */
export const fewReadTheEnvironment: Rule = (sources) =>
  sources.flatMap(({ path, text, code }) =>
    environmentAllowed.some((pattern) => pattern.test(path))
      ? []
      : [...found(environment, code), ...found(environmentImported, text)].map((at) => `${path}:${lineAt(text, at)}: reads process.env`),
  )

/** Each exported function and class says what it is for. */
export const exportsSayWhatFor: Rule = (sources) =>
  sources.flatMap(({ path, text, code }) =>
    isTest(path)
      ? []
      : [...code.matchAll(/^export (?:default )?(?:async )?(?:abstract )?(?:function\*?|class)\s+(\w+)/gm)]
          .filter(({ index }) => !/\*\/\s*$/.test(text.slice(0, index)))
          .map((match) => `${path}:${lineAt(text, match.index)}: ${match[1]} has no line of purpose above it`),
  )

const longest = 400

/** A file is a few screens. */
export const filesAreShort: Rule = (sources) =>
  sources
    .filter(({ path }) => path.endsWith('.ts'))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > longest)
    .map(({ path, lines }) => `${path}: expected at most ${longest} lines, got ${lines}`)

const buildMachine = /(?<![\w.$}-])\/(?:work|root|home\/\w+|Users\/\w+)\/[\w.-]/g

/** Nothing says where it was built. */
export const nothingNamesTheBuildMachine: Rule = (sources) =>
  sources.flatMap(({ path, text }) => found(buildMachine, text).map((at) => `${path}:${lineAt(text, at)}: names a path of a build machine`))

const found = (pattern: RegExp, code: string): readonly number[] => [...code.matchAll(pattern)].map(({ index }) => index)
