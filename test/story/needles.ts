/** Looks for a secret in the forms in which it might leak: as it is, in hex, in base64 wherever it may begin. */
import { readFileSync } from 'node:fs'
import { tree } from './tree.ts'

/** Secrets by what they are called. */
export type Secrets = Readonly<Record<string, Uint8Array>>

/** Every form of a secret by its name. Of base64 what is the same whatever stands before and after. */
export function formsOf(secret: Uint8Array): Readonly<Record<string, Buffer>> {
  const raw = Buffer.from(secret)
  const base64 = [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), raw])
    const inner = whole.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((whole.length * 8) / 6))
    return [
      [`base64 from ${shift}`, Buffer.from(inner)],
      [`base64url from ${shift}`, Buffer.from(inner.replaceAll('+', '-').replaceAll('/', '_'))],
    ] as const
  })
  return {
    raw,
    hex: Buffer.from(raw.toString('hex')),
    HEX: Buffer.from(raw.toString('hex').toUpperCase()),
    ...Object.fromEntries(base64),
  }
}

/** Which secrets stand in the bytes, and how; line breaks, also those of JSON, hide none, nor does a second layer of base64 or hex. */
export function foundIn(bytes: Uint8Array, secrets: Secrets): readonly string[] {
  const whole = Buffer.from(bytes)
  const text = whole.toString('latin1')
  const joined = text.replace(/\\[rn]|[\r\n]/g, '')
  const inner = [...joined.matchAll(/[A-Za-z0-9+/_-]{40,}/g)].map(([run]) =>
    Buffer.from(run, /^(?:[0-9a-fA-F]{2})+$/.test(run) ? 'hex' : 'base64'),
  )
  const places = [whole, Buffer.from(joined, 'latin1'), Buffer.concat(inner.flatMap((one) => [one, Buffer.of(0)]))]
  return Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(formsOf(secret)).flatMap(([form, needle]) =>
      places.some((place) => place.includes(needle)) ? [`${name} as ${form}`] : [],
    ),
  )
}

/** Where in a folder secrets stand, in names and contents. */
export function foundUnder(root: string, secrets: Secrets, without: (path: string) => boolean = () => false): readonly string[] {
  return tree(root, without).flatMap(({ path, absolute, kind }) =>
    [...foundIn(Buffer.from(path), secrets), ...(kind === 'file' ? foundIn(readFileSync(absolute), secrets) : [])].map(
      (found) => `${path}: ${found}`,
    ),
  )
}

/** The three folders of a local cloud where secrets may be. */
export const isPrivate = (path: string): boolean => /^(key-host|owner|signer)(\/|$)/.test(path)
