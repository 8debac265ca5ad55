/** The table of operations in `docs/lab-aws.md`: `node scripts/lab-aws.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { withOperations } from '../test/lab/aws/shim/table.ts'

const file = join(resolve(import.meta.dirname, '..'), 'docs/lab-aws.md')
writeFileSync(file, withOperations(readFileSync(file, 'utf8')))
