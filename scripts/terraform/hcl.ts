/** As much of Terraform's language as its documents and its source rules need: blocks, and the arguments in them. */

export interface Block {
  readonly type: string
  readonly labels: readonly string[]
  readonly body: string
  /** Where it begins in the text that was read, from 1. */
  readonly line: number
}

const comment = /#.*|\/\/.*|\/\*[\s\S]*?\*\//y
const heredoc = /<<-?(\w+)\n[\s\S]*?\n[ \t]*\1(?!\w)/y

/** The text with its comments blotted out and, if wished, what stands between quotes; everything else keeps its place. */
export function masked(text: string, kept: 'code' | 'code and strings' = 'code'): string {
  const blotted = kept === 'code' ? blot : (string: string) => string
  let code = ''
  while (code.length < text.length) {
    const at = code.length
    const skipped = found(comment, text, at)
    const document = found(heredoc, text, at)
    if (skipped !== '') code += blot(skipped)
    else if (document !== '') code += blotted(document)
    else if (text[at] === '"') code += `"${blotted(stringIn(text.slice(at)).slice(1, -1))}"`
    else code += text[at]
  }
  return code
}

function found(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

const blot = (text: string): string => text.replace(/[^\n]/g, ' ')

/** The string that a text begins with, quotes included. A template in it may hold strings again. */
function stringIn(text: string): string {
  let depth = 0
  for (let at = 1; at < text.length; at++) {
    const opens = /^([$%]?)[$%]\{/.exec(text.slice(at, at + 3))
    if (depth > 0 && text[at] === '"') at += stringIn(text.slice(at)).length - 1
    else if (depth > 0) depth += text[at] === '{' ? 1 : text[at] === '}' ? -1 : 0
    else if (text[at] === '"') return text.slice(0, at + 1)
    else if (text[at] === '\\') at++
    else if (opens !== null) {
      at += opens[0].length - 1
      if (opens[1] === '') depth++
    }
  }
  return text
}

/** The blocks that stand in a text, not those inside of them. */
export function blocksIn(text: string): readonly Block[] {
  const code = masked(text)
  const blocks: Block[] = []
  const head = /^[ \t]*(\w+)((?:[ \t]+"[^"\n]*")*)[ \t]*\{/gm
  for (let found = head.exec(code); found !== null; found = head.exec(code)) {
    const open = found.index + found[0].length
    const end = endOf(code, open)
    const labels = [...text.slice(found.index, open).matchAll(/"([^"]*)"/g)].map(([, label = '']) => label)
    const at = found.index + found[0].search(/\w/)
    blocks.push({ type: found[1] ?? '', labels, body: text.slice(open, end), line: text.slice(0, at).split('\n').length })
    head.lastIndex = end
  }
  return blocks
}

/** Where the bracket closes that was opened just before. */
function endOf(code: string, from: number): number {
  let depth = 1
  for (let at = from; at < code.length; at++) {
    if ('{[('.includes(code[at] ?? '')) depth++
    else if ('}])'.includes(code[at] ?? '') && --depth === 0) return at
  }
  return code.length
}

/** The arguments of a block by name, as they are written; those of blocks inside of it are not among them. */
export function argumentsIn(body: string): Readonly<Record<string, string>> {
  const code = masked(body)
  const values: Record<string, string> = {}
  const name = /^[ \t]*(?:([\w-]+)[ \t]*=(?!=)|(\w+)(?:[ \t]+"[^"\n]*")*[ \t]*\{)/gm
  for (let found = name.exec(code); found !== null; found = name.exec(code)) {
    const from = found.index + found[0].length
    const end = found[1] === undefined ? endOf(code, from) : endOfValue(code, from)
    if (found[1] !== undefined) values[found[1]] = body.slice(from, end).trim()
    name.lastIndex = end
  }
  return values
}

function endOfValue(code: string, from: number): number {
  for (let at = from; at < code.length; at++) {
    if (code[at] === '\n') return at
    if ('{[('.includes(code[at] ?? '')) at = endOf(code, at + 1)
  }
  return code.length
}
