/** Which resource an attribute names: by its id where that is known, else by what the configuration refers to. */
import { callsOf, parentOf, type Step, stepsOf } from './address.ts'
import { type Configuration, configurationOf } from './configuration.ts'
import type { Plan, Resource } from './plan.ts'

type Known = string | readonly (string | null | undefined)[] | null | undefined

export interface Links {
  /** All resources of these types that the attribute at `path` names; `known` is its value as far as it is known. */
  all(from: Resource, known: Known, path: string, types: readonly string[]): readonly Resource[]
  /** The one resource; undefined when there is none, and when it cannot be told which of several. */
  one(from: Resource, known: Known, path: string, types: readonly string[]): Resource | undefined
}

/** An attribute of all blocks of one kind; undefined when one of them does not know it yet. */
export function knownIn<Key extends string>(
  blocks: readonly { readonly [name in Key]?: string | null | undefined }[] | null | undefined,
  key: Key,
): readonly string[] | undefined {
  const known = (blocks ?? []).flatMap((block) => block[key] ?? [])
  return known.length === (blocks ?? []).length ? known : undefined
}

/** By these a resource is named by others. */
const namesOf = ({ values }: Resource): readonly string[] =>
  [
    values.id,
    values.arn,
    values.bucket,
    values.name,
    values.function_name,
    values.url,
    values.key_id,
    values.allocation_id,
    values.prefix_list_id,
    values.default_route_table_id,
    values.main_route_table_id,
    values.default_security_group_id,
  ].flatMap((name) => name ?? [])

interface Place {
  readonly resources: readonly Resource[]
  readonly modules: readonly string[]
  readonly configuration: Configuration
}

/** Where a reference stands, and what to find. */
interface Search {
  readonly place: Place
  readonly module: string
  readonly types: readonly string[]
  /** The index of the resource or of the module instance that the reference stands in: what `each.key` is there. */
  readonly own: string | number | undefined
  readonly depth: number
}

const deepest = 40

/** Links within and between plans and states. */
export function linksOf(plans: readonly Plan[]): Links {
  const places = plans.map(
    ({ resources, configuration }): Place => ({
      resources,
      modules: [...new Set(resources.flatMap(({ module }) => lineage(module)))],
      configuration: configurationOf(configuration),
    }),
  )
  const placeOf = new Map(places.flatMap((place) => place.resources.map((resource) => [resource, place] as const)))
  const named = new Map<string, Resource>()
  for (const resource of plans.flatMap(({ resources }) => resources)) {
    for (const name of namesOf(resource)) {
      const key = `${resource.type} ${name}`
      if (!named.has(key)) named.set(key, resource)
    }
  }

  function all(from: Resource, known: Known, path: string, types: readonly string[]): readonly Resource[] {
    return find(from, known, path, types, 0)
  }

  function find(from: Resource, known: Known, path: string, types: readonly string[], depth: number): readonly Resource[] {
    if (known === null) return []
    const told = known === undefined ? [] : typeof known === 'string' ? [known] : known
    if (known !== undefined && told.every((name) => typeof name === 'string'))
      return unique(told.flatMap((name) => types.flatMap((type) => named.get(`${type} ${name}`) ?? [])))
    const place = placeOf.get(from)
    if (place === undefined || depth > deepest) return []
    const search: Search = { place, module: from.module, types, own: from.index, depth }
    return followAll(search, place.configuration.ofResource(from.module, from, path), [], from)
  }

  function followAll(search: Search, references: readonly string[], rest: readonly Step[], from?: Resource): readonly Resource[] {
    const found = unique(references.flatMap((reference) => follow(search, stepsOf(reference), rest, from)))
    return references.some((reference) => reference === 'each.key' || reference === 'count.index') ? ofOwn(found, search.own) : found
  }

  function follow(search: Search, steps: readonly Step[], rest: readonly Step[], from?: Resource): readonly Resource[] {
    const { place, module, depth } = search
    if (depth > deepest) return []
    const deeper = { ...search, depth: depth + 1 }
    const [head, second, ...more] = steps
    if (head === undefined) return []
    if (head.name === 'each' && second?.name === 'value' && from !== undefined)
      return ofOwn(followAll(deeper, place.configuration.ofResource(module, from, 'for_each'), [...more, ...rest]), search.own)
    if (second === undefined || ['local', 'each', 'count', 'path', 'terraform', 'self'].includes(head.name)) return []
    if (head.name === 'var') {
      const outer = { ...deeper, module: parentOf(module), own: callsOf(module).at(-1)?.index }
      return followAll(outer, place.configuration.ofVariable(module, second.name), [...more, ...rest])
    }
    if (head.name === 'module') {
      const [output, ...after] = [...more, ...rest]
      if (output === undefined) return []
      const base = module === '' ? `module.${second.name}` : `${module}.module.${second.name}`
      const inner = place.modules.filter((one) => isInstance(one, base, second.index))
      const found = inner.flatMap((one) => followAll({ ...deeper, module: one }, place.configuration.ofOutput(one, output.name), after))
      return chosen(unique(found), [{ name: '', index: output.index }, ...after])
    }
    const data = head.name === 'data'
    const [type, name, tail] = data ? [second.name, more[0], more.slice(1)] : [head.name, second, more]
    if (name === undefined) return []
    const meant = place.resources.filter((one) => one.module === module && one.type === type && one.name === name.name && one.data === data)
    const these = name.index === undefined ? meant : meant.filter(({ index }) => index === name.index)
    if (search.types.includes(type)) return chosen(these, [...tail, ...rest])
    // Through another resource: `aws_eip_association.a.instance_id`, say, is whatever that one has there.
    const attribute = tail[0]?.name
    if (attribute === undefined) return []
    return these.flatMap((one) => find(one, valueAt(one, attribute), attribute, search.types, depth + 1))
  }

  return {
    all,
    one(from, known, path, types) {
      const found = all(from, known, path, types)
      return found.length === 1 ? found[0] : undefined
    },
  }
}

const unique = <Item>(items: readonly Item[]): readonly Item[] => [...new Set(items)]

/** A module, and those it is in. */
function lineage(module: string): readonly string[] {
  return module === '' ? [''] : [...lineage(parentOf(module)), module]
}

const isInstance = (module: string, base: string, index: string | number | undefined): boolean =>
  index === undefined
    ? module === base || (module.startsWith(`${base}[`) && parentOf(module) === parentOf(base))
    : module === `${base}[${JSON.stringify(index)}]`

function valueAt({ values }: Resource, attribute: string): Known {
  const value: unknown = Object.hasOwn(values, attribute) ? Reflect.get(values, attribute) : undefined
  if (typeof value === 'string' || value === null) return value
  return Array.isArray(value) && value.every((part) => typeof part === 'string') ? value : undefined
}

/** Of several, those that the path to them names: `subnet_ids.public` is the subnet called public. */
function chosen(found: readonly Resource[], path: readonly Step[]): readonly Resource[] {
  if (found.length < 2) return found
  const words = path.flatMap(({ name, index }) => (index === undefined ? [name] : [name, index])).filter((word) => word !== '')
  for (const word of words) {
    const meant = found.filter(({ index }) => index === word)
    const alike = meant.length > 0 ? meant : found.filter(({ name }) => name === word)
    if (alike.length > 0 && alike.length < found.length) return alike
  }
  return found
}

/** Of several, the one with the index of where the reference stands; `element(list, count.index)` begins again at the end. */
function ofOwn(found: readonly Resource[], own: string | number | undefined): readonly Resource[] {
  if (found.length < 2 || own === undefined) return found
  const meant = found.filter(({ index }) => index === own)
  if (meant.length > 0) return meant
  const wrapped = typeof own === 'number' ? found[own % found.length] : undefined
  return wrapped === undefined ? found : [wrapped]
}
