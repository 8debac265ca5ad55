/**
 * One provider for all runs of Terraform in this process: started anew for every run block, it takes more time than all tests
 * together. Providers offer this to who debugs them: they tell where they listen, and Terraform is told.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { Socket } from 'node:net'
import { basename, join } from 'node:path'

const limit = 60_000

let told: Promise<NodeJS.ProcessEnv> | undefined

/** What an initialised directory's Terraform has to find in its environment to use the one provider. */
export function sharedProvider(directory: string): Promise<NodeJS.ProcessEnv> {
  const program = find(join(directory, '.terraform/providers'))
  if (program === undefined) return Promise.resolve({})
  told ??= start(program)
  return told
}

/** It lies below its version and the machine's kind, which may be a link into a mirror. */
function find(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined
  const inside = (path: string): readonly string[] => readdirSync(path).map((name) => join(path, name))
  return inside(join(folder, 'registry.terraform.io/hashicorp/aws'))
    .flatMap(inside)
    .flatMap(inside)
    .find((path) => basename(path).startsWith('terraform-provider-aws'))
}

/** The provider ends when the third pipe does: with this process, however that ends. */
function start(program: string): Promise<NodeJS.ProcessEnv> {
  const watched = '(cat <&3 >/dev/null; kill -INT $$ 2>/dev/null) & exec "$0" -debug 3<&-'
  const child = spawn('sh', ['-c', watched, program], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'], detached: true })
  const pipes = child.stdio.filter((pipe) => pipe instanceof Socket)
  return new Promise((done, fail) => {
    let said = ''
    const timer = setTimeout(() => fail(new Error(`the provider did not say where it listens: ${said}`)), limit)
    child.on('error', fail)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const where = /TF_REATTACH_PROVIDERS='(.*)'/.exec(said)?.[1]
      if (where === undefined) return
      clearTimeout(timer)
      for (const one of [child, ...pipes]) one.unref()
      done({ TF_REATTACH_PROVIDERS: where })
    })
  })
}
