/** `skep plan`: looks at hosts, shows what playbooks would change there, and keeps it for `skep apply`. */
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { Planned } from '../runner/report/planned.ts'
import { chosenBy, madeOf } from './chosen.ts'
import { digestsOf } from './digests.ts'
import { onHosts } from './on-hosts.ts'
import { hostsOf, writePlan } from './plan-file.ts'
import { type RunFlags, type TaskFlags, tagsOf, withRunFlags, withTaskFlags } from './run-flags.ts'
import { stateKey } from './state-dir.ts'

type Flags = RunFlags & TaskFlags & { readonly out: string }

/** The command, to be hung under `skep`. */
export function planCommand(): Command {
  const command = new Command('plan')
    .description('show what playbooks would change, and keep it for skep apply; nothing is changed')
    .argument('<playbook...>', 'files whose default export is a playbook or a list of them')
    .requiredOption('-o, --out <file>', 'where to keep the plan')
  return withTaskFlags(withRunFlags(command)).action(async (files: string[], flags: Flags) => {
    const { plays, inventory } = await chosenBy(files, flags)
    const planned = new Planned()
    const { startAtTask } = flags
    const code = await onHosts(
      plays,
      inventory,
      { ...flags, check: true, diff: true },
      {
        tags: tagsOf(flags),
        ...(startAtTask === undefined ? {} : { startAt: startAtTask }),
        hear: (event) => planned.hear(event),
      },
    )
    process.exitCode = code
    if (code === 130) return
    const salt = randomUUID()
    writePlan(flags.out, {
      skep: 'plan',
      version: 1,
      madeAt: new Date().toISOString(),
      asked: askedOf(files, flags),
      digests: digestsOf(madeOf(files, plays, flags), salt, stateKey),
      hosts: hostsOf(planned, salt),
    })
    process.stderr.write(`skep: nothing was changed; to do this and nothing else: skep apply ${flags.out}\n`)
  })
}

function askedOf(files: readonly string[], { inventory, limit, tags, skipTags, startAtTask, become = false, extraVars }: Flags) {
  return {
    playbooks: files.map((file) => resolve(file)),
    inventory: inventory.map((source) => (source === 'local:' || source.includes(',') ? source : resolve(source))),
    become,
    extraVars: Object.keys(extraVars),
    ...(limit === undefined ? {} : { limit }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(skipTags === undefined ? {} : { skipTags: [...skipTags] }),
    ...(startAtTask === undefined ? {} : { startAtTask }),
  }
}
