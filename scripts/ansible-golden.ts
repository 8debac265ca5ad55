/**
 * Asks real Ansible about the inventories of `test/inventory/ansible/cases.ts` and keeps what it said in `golden.json`, which the tests
 * compare with. Installs Ansible under node_modules/.cache first.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cases } from '../test/inventory/ansible/cases.ts'
import { ask, install } from '../test/inventory/ansible/real.ts'

const why = install()
if (why !== undefined) {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}
writeFileSync(join(import.meta.dirname, '../test/inventory/ansible/golden.json'), `${JSON.stringify(ask(cases), null, 2)}\n`)
