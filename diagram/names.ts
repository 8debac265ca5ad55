/** What things are called in the picture. */
import type { Resource } from './plan.ts'

/** What all names of one environment have in common, and a picture says once. */
export interface Setting {
  readonly project: string | undefined
  readonly account: string | undefined
  readonly region: string | undefined
}

/** A name as its owner gave it, without what is said of all of them. */
export function nameOf(resource: Resource, setting: Setting): string {
  const { values, name, index } = resource
  const given = values.tags_all?.['Name'] ?? values.tags?.['Name'] ?? values.bucket ?? values.function_name ?? values.name
  const own = given ?? values.identifier ?? values.cluster_identifier
  if (own == null || own === '') return index === undefined ? name : `${name} ${index}`
  return shortened(own, setting)
}

/** Without the project before it, and without zone, account and region behind it. */
export function shortened(name: string, { project, account, region }: Setting, zone?: string): string {
  let short = name
  for (const word of [zone, region, account]) if (word !== undefined && short.endsWith(`-${word}`)) short = short.slice(0, -word.length - 1)
  const words = project === undefined ? [] : [project, project.toLowerCase().replaceAll('_', '-')]
  const word = words.find((one) => short.toLowerCase().startsWith(one.toLowerCase()) && /^[-_/ ]+[^-_/ ]/.test(short.slice(one.length)))
  return word === undefined ? short : short.slice(word.length).replace(/^[-_/ ]+/, '')
}

/** Project tag, account and region, from wherever the resources tell them. */
export function settingOf(resources: readonly Resource[]): Setting {
  const arns = resources.flatMap(({ values }) => (values.arn == null ? [] : [values.arn.split(':')]))
  const zones = resources.flatMap(({ type, values }) => (type === 'aws_subnet' ? [regionOf(values.availability_zone)] : []))
  const networks = resources
    .filter(({ type }) => type === 'aws_vpc')
    .map(({ values }) => values.tags_all?.['Name'] ?? values.tags?.['Name'])
  return {
    // Where no tag says it, it is what the one network is called.
    project:
      mostly(resources.map(({ values }) => values.tags_all?.['PIT'] ?? values.tags?.['PIT'])) ??
      (networks.length === 1 ? networks[0] : undefined),
    account: mostly([...callers(resources), ...arns.map(([, , , , account = '']) => (/^\d{12}$/.test(account) ? account : undefined))]),
    region: mostly(zones) ?? mostly(arns.map(([, , , region]) => (region === '' ? undefined : region))),
  }
}

const callers = (resources: readonly Resource[]) =>
  resources.flatMap(({ type, values }) => (type === 'aws_caller_identity' ? [values.account_id] : []))

/** `us-west-2` of `us-west-2a`, and of a local zone. */
export function regionOf(zone: string | null | undefined): string | undefined {
  return /^[a-z]{2}(?:-[a-z]+)+-\d/.exec(zone ?? '')?.[0]
}

/** What is said most often; of two alike the first in the alphabet. */
function mostly(words: readonly (string | null | undefined)[]): string | undefined {
  const counts = new Map<string, number>()
  for (const word of words) if (word != null && word !== '') counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0]
}
