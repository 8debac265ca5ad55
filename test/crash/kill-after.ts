/**
 * Preloaded into a demo and its agent (`NODE_OPTIONS=--import=…`): wraps one method, and when the n-th call that is the wanted
 * effect is over, kills the demo's whole process group with SIGKILL. Everything else of the programs is as it is.
 *
 *     SKEP_CRASH_EFFECT=launch:2 SKEP_CRASH_DIR=… SKEP_CRASH_MARK=… (a file that tells that it was so)
 */
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { LocalCompute } from '../../cloud/local/compute.ts'
import { LocalNotices } from '../../cloud/local/notices.ts'
import { LocalObjects } from '../../cloud/local/objects.ts'
import { LocalTrail } from '../../cloud/local/trail.ts'
import { type Effect, effects, type Owner } from './effects.ts'

const owners: Readonly<Record<Owner, object>> = {
  compute: LocalCompute.prototype,
  objects: LocalObjects.prototype,
  notices: LocalNotices.prototype,
  trail: LocalTrail.prototype,
  fs,
  'fs/promises': promises,
}

const { writeFileSync } = fs
const [program = '', command] = process.argv.slice(1)
const [name = '', count = ''] = (process.env['SKEP_CRASH_EFFECT'] ?? '').split(':')
const effect = effects[name]
if (effect !== undefined && basename(program) === 'main.ts') {
  // The demo leads its group; the agent, its child, is told of it.
  if (command === 'demo') process.env['SKEP_CRASH_GROUP'] = String(process.pid)
  if (command === effect.in) killAfter(effect, Number(count))
}

function killAfter({ of, method, when, matches }: Effect, times: number): void {
  const owner = owners[of]
  const original: unknown = Reflect.get(owner, method)
  if (typeof original !== 'function') throw new Error(`kill-after: ${of} has no method ${method}`)
  let left = times
  const happened = () => {
    left -= 1
    if (left === 0) die()
  }
  function wrapped(this: unknown, ...args: readonly unknown[]): unknown {
    const wanted = matches(args)
    if (wanted && when === 'before') happened()
    const result: unknown = Reflect.apply(original as () => unknown, this, args)
    if (!wanted || when === 'before') return result
    if (result instanceof Promise)
      return result.then((value: unknown) => {
        happened()
        return value
      })
    happened()
    return result
  }
  Object.defineProperty(owner, method, { value: wrapped, configurable: true, writable: true })
  syncBuiltinESMExports()
}

/** Not one instruction more in any process of the group. */
function die(): never {
  writeFileSync(process.env['SKEP_CRASH_MARK'] ?? '/dev/null', `${process.pid}\n`)
  process.kill(-Number(process.env['SKEP_CRASH_GROUP']), 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
