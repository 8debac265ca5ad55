/** The page on who may do what, `docs/who-may-do-what.md`: `node scripts/who-may-do-what.ts`. A stale one fails a test. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { page } from '../test/terraform/policy/page.ts'

writeFileSync(join(resolve(import.meta.dirname, '..'), 'docs/who-may-do-what.md'), page())
