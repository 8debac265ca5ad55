import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { windowCannotBeTold } from './equal.ts'
import { type Mutant, mutants } from './mutants.ts'

const root = join(import.meta.dirname, '../../../..')

test('whatever the playbook and the hosts, a window cannot be told from none', async () => {
  await windowCannotBeTold(400)
})

describe('the property finds', () => {
  let copy: string
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'skep-mutants-'))
    for (const part of ['runner', 'test/runner/engine', 'package.json']) await cp(join(root, part), join(copy, part), { recursive: true })
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  })
  afterAll(() => rm(copy, { recursive: true }))

  const property = async (): Promise<{ code: number; said: string }> => {
    const child = spawn(process.execPath, [join(copy, 'test/runner/engine/lookahead/run.ts'), '--cases', '4000', '--seed', '7'])
    let said = ''
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString()
    })
    const [code] = await once(child, 'close')
    return { code, said }
  }

  const planted = async ({ file, edits }: Mutant): Promise<() => Promise<void>> => {
    const path = join(copy, 'runner/engine', file)
    const good = await readFile(path, 'utf8')
    const bad = edits.reduce((text, { find, replace }) => {
      expect(text.split(find), `${file} has ${find} once`).toHaveLength(2)
      return text.replace(find, () => replace)
    }, good)
    await writeFile(path, bad)
    return () => writeFile(path, good)
  }

  test.each(mutants)('$what', async (mutant) => {
    const mend = await planted(mutant)
    const { code, said } = await property()
    await mend()
    expect(said).toMatch(/Property failed after \d+ tests[\s\S]*a window of one tells/)
    expect(code).toBe(1)
  })
})
