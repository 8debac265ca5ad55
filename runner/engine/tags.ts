import type { Tags } from '../hooks.ts'

/** Whether a step with these tags is part of the run, as Ansible decides it. */
export function wanted(tags: readonly string[], { only = [], skip = [] }: Tags): boolean {
  return chosen(tags, only.length === 0 ? ['all'] : only) && !left(tags, skip)
}

function chosen(tags: readonly string[], only: readonly string[]): boolean {
  if (tags.includes('always') || tags.some((tag) => only.includes(tag))) return true
  if (tags.includes('never')) return false
  return only.includes('all') || only.includes(tags.length > 0 ? 'tagged' : 'untagged')
}

function left(tags: readonly string[], skip: readonly string[]): boolean {
  if (tags.some((tag) => skip.includes(tag))) return true
  if (skip.includes('all')) return !tags.includes('always')
  return skip.includes(tags.length > 0 ? 'tagged' : 'untagged')
}
