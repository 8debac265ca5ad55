import type { Redact } from '../secret.ts'

/** Where a report's text goes. */
export type Write = (text: string) => void

/** The one way to the terminal or a log: no secret and no control character of somebody else's passes. */
export function redactingWriter(stream: { write(text: string): unknown }, redact: Redact): Write {
  return (text) => void stream.write(redact(text))
}

/** Text from a host or a person, safe for a terminal: control characters are shown as `\x1b`. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}
