import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

const script = join(import.meta.dirname, '../../terraform/pin-images')
const dir = mkdtempSync(join(tmpdir(), 'skep-pin-'))
const file = join(dir, 'images.auto.tfvars.json')
const [today, before] = ['ami-0aaaaaaaaaaaaaaaa', 'ami-0bbbbbbbbbbbbbbbb']

/** The AWS command line as far as the script asks it; `owner` is who the image is said to belong to. */
function pin(args: readonly string[], owner = '137112412989') {
  const aws = `#!/bin/sh\ncase "$*" in *get-parameter*) echo ${today} ;; *describe-images*--image-ids\\ ${today}*--owners\\ amazon*) echo ${owner} ;; *) exit 9 ;; esac\n`
  writeFileSync(join(dir, 'aws'), aws, { mode: 0o755 })
  return spawnSync('sh', [script, ...args], { encoding: 'utf8', env: { PATH: `${dir}:${process.env['PATH']}` } })
}
const written = () => JSON.parse(readFileSync(file, 'utf8')) as unknown

beforeEach(() => rmSync(file, { force: true }))
afterAll(() => rmSync(dir, { recursive: true }))

describe('pin-images', () => {
  test('pins every host to the image of today', () => {
    expect(pin(['us-west-2', file])).toMatchObject({ status: 0, stderr: '' })
    expect(written()).toEqual({ images: { bastion: today, key_host: today, worker: today } })
  })

  test('leaves hosts that stand as they are: only workers get a newer image', () => {
    writeFileSync(file, JSON.stringify({ images: { bastion: before, key_host: before, worker: before } }, null, 2))
    expect(pin(['us-west-2', file]).status).toBe(0)
    expect(written()).toEqual({ images: { bastion: before, key_host: before, worker: today } })
  })

  const mistakes: Readonly<Record<string, [readonly string[], RegExp, string?]>> = {
    'no file': [['us-west-2'], /^usage: pin-images REGION FILE/],
    'a flag for a region': [['--help', file], /^usage: /],
    'an image of somebody else': [['us-west-2', file], /expected an image of Amazon's in us-west-2, got 'ami-0a+' of owner 'None'/, 'None'],
    'a file that says something else': [['us-west-2', join(dir, 'aws')], /expected .*aws to name an image for bastion, and it does not/],
  }
  for (const [what, [args, says, owner]] of Object.entries(mistakes)) {
    test(`${what} is one clear error, and nothing is written`, () => {
      const { status, stderr } = pin(args, owner)
      expect(status).toBe(1)
      expect(stderr).toMatch(says)
      expect(() => written()).toThrow(/ENOENT/)
    })
  }
})
