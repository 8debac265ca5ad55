/** Terraform's addresses and references, taken apart: `module.a["x"].aws_subnet.b[0].id`. */

export interface Step {
  readonly name: string
  /** What stands in brackets after the name; undefined for none, and for a splat. */
  readonly index: string | number | undefined
}

const part = /([\p{L}_][\p{L}\p{N}_-]*|\*)|\[(?:(\d+)|"((?:[^"\\]|\\.)*)"|\*)\]/gu

/** The steps of an address. What has no form of an address gives what can be read of it. */
export function stepsOf(address: string): readonly Step[] {
  const steps: Step[] = []
  for (const [, name, number, text] of address.matchAll(part)) {
    const last = steps.at(-1)
    if (name === '*') continue
    if (name !== undefined) steps.push({ name, index: undefined })
    else if (last !== undefined && last.index === undefined)
      steps[steps.length - 1] = { name: last.name, index: number === undefined ? unescaped(text) : Number(number) }
  }
  return steps
}

const unescaped = (text: string | undefined): string | undefined => text?.replaceAll(/\\(.)/g, '$1')

/** The names of the module calls that an address of a module goes through. */
export function callsOf(module: string): readonly Step[] {
  return stepsOf(module).filter((_, place) => place % 2 === 1)
}

/** The module that calls this one. */
export function parentOf(module: string): string {
  const steps = stepsOf(module).slice(0, -2)
  return steps.map(({ name, index }) => (index === undefined ? name : `${name}[${JSON.stringify(index)}]`)).join('.')
}
