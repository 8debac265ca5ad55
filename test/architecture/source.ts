/** One file of the project, as the rules look at it. */
export interface Source {
  readonly path: string
  readonly text: string
  /** The text with comments, and what stands inside quotes, blanked out: same length, same lines. */
  readonly code: string
  /** Specifiers of every import and re-export, types included. */
  readonly imports: readonly string[]
}

export function sourceOf(path: string, text: string): Source {
  const code = path.endsWith('.ts') ? codeOf(text) : ''
  return { path, text, code, imports: importsOf(text, code) }
}

/** Line number of a place in a text. */
export const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

const importForms = [/\b(?:import|export)\b[^'"`;()]*?\bfrom\s*(['"])/g, /\bimport\s*(['"])/g, /\bimport\s*\(\s*(['"`])/g]

function importsOf(text: string, code: string): readonly string[] {
  return importForms.flatMap((form) =>
    [...code.matchAll(form)].map((match) => {
      const from = match.index + match[0].length
      return text.slice(from, text.indexOf(match[1] ?? '', from))
    }),
  )
}

/** Where one of these ends, a slash begins a regular expression and no division. */
const beforeRegex = /(?:^|[(,=:[!&|?{};+*%<>~-]|\b(?:return|typeof|case|in|of|await|throw))\s*$/

/** Blanks what is not code. Knows comments, three kinds of quotes with nested templates, and regular expressions. */
function codeOf(text: string): string {
  let code = ''
  /** How many braces are open in each `${` that we are inside of. */
  const templates: number[] = []
  const blank = (to: number) => {
    code += text.slice(code.length, to).replace(/[^\n]/g, ' ')
  }
  const quoted = (quote: string) => {
    code += quote
    let at = code.length
    while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1
    blank(Math.min(at, text.length))
    code += text[code.length] ?? ''
  }
  const template = () => {
    let at = code.length
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
    blank(Math.min(at, text.length))
    if (text[code.length] === '$') {
      templates.push(0)
      code += '${'
    } else code += text[code.length] ?? ''
  }
  const regex = () => {
    let inClass = false
    let at = code.length + 1
    while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
      if (text[at] === '\\') at++
      else if (text[at] === '[') inClass = true
      else if (text[at] === ']') inClass = false
      at++
    }
    code += '/'
    blank(Math.min(at, text.length))
    code += text[code.length] ?? ''
  }

  while (code.length < text.length) {
    const at = code.length
    const letter = text[at] ?? ''
    const open = templates.at(-1)
    if (text.startsWith('//', at)) blank(endOf(text, '\n', at))
    else if (text.startsWith('/*', at)) blank(endOf(text, '*/', at) + 2)
    else if (letter === "'" || letter === '"') quoted(letter)
    else if (letter === '`') {
      code += letter
      template()
    } else if (letter === '/' && beforeRegex.test(code.slice(-40))) regex()
    else if (open !== undefined && letter === '}' && open === 0) {
      templates.pop()
      code += letter
      template()
    } else {
      if (open !== undefined && letter === '{') templates[templates.length - 1] = open + 1
      if (open !== undefined && letter === '}') templates[templates.length - 1] = open - 1
      code += letter
    }
  }
  return code
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at === -1 ? text.length : at
}
