/** Patterns as ssh has them: `*` and `?`, nothing else. */
export function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** A list with commas: one pattern must fit, and none that begins with `!`. */
export function matchesList(text: string, list: string): boolean {
  const patterns = list.split(',')
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(text, pattern.slice(1)))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(text, pattern))
}
