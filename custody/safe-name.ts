/**
 * A file name that is fit for any directory, made of one that somebody else chose: letters, digits, `.`, `_` and `-`, not beginning
 * with a dot or a dash, at most 100 long. `fallback` when nothing of it is left.
 */
export function safeName(name: string | null | undefined, fallback: string): string {
  const safe = (name ?? '')
    .normalize('NFC')
    .replace(/[^A-Za-z0-9._-]/gu, '_')
    .replace(/^[.-]+/, '')
    .slice(0, 100)
  return /[A-Za-z0-9]/.test(safe) ? safe : fallback
}
