/** `skep doctor`: looks at what Skep needs, and says how to mend what is not well. */
import { Command } from 'commander'
import { EnvironmentError } from '../cloud/aws/environment.ts'
import { loadEnvironment } from '../cloud/aws/load-environment.ts'
import { printable } from '../custody/names.ts'

interface Given {
  /** `--env`, else SKEP_ENV. */
  readonly env: string | undefined
}

/** What a check found. `mend` says what to do, and is there when something is not well. */
interface Found {
  readonly says: string
  readonly mend?: string
}

interface Check {
  readonly name: string
  look(given: Given): Promise<Found>
}

/** In the order in which one needs the other. */
const checks: readonly Check[] = [
  { name: 'node', look: async () => lookAtNode(process.versions.node) },
  { name: 'environment', look: lookAtEnvironment },
]

/** The command, to be hung under `skep`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description("look at what Skep needs on AWS, and say how to mend what is not well; exit code 2 when something isn't")
    .option('--env <env>', "the environment: ssm:/NAME, or a file with Terraform's outputs (default: SKEP_ENV)")
    .option('--json', 'one JSON object')
    .action(async ({ env = process.env['SKEP_ENV'], json = false }: { env?: string; json?: boolean }) => {
      const findings: (Found & { readonly name: string })[] = []
      for (const { name, look } of checks) findings.push({ name, ...(await look({ env })) })
      const ok = findings.every(({ mend }) => mend === undefined)
      process.stdout.write(json ? `${JSON.stringify({ ok, checks: findings })}\n` : findings.map(inWords).join(''))
      if (!ok) process.exitCode = 2
    })
}

/** Node as Skep needs it. */
export function lookAtNode(version: string): Found {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const says = `Node ${version}`
  if (major > 22 || (major === 22 && minor >= 18)) return { says }
  return { says, mend: 'Skep needs 22.18 or newer: npm ci brings one, and npx skep uses it' }
}

async function lookAtEnvironment({ env }: Given): Promise<Found> {
  if (env === undefined || env === '')
    return { says: 'no environment is named', mend: 'name it with --env ssm:/PIT/environment or --env FILE, or set SKEP_ENV to the same' }
  try {
    const { pit, region, account } = await loadEnvironment(env)
    return { says: `${pit} in ${region}, account ${account}` }
  } catch (error) {
    if (error instanceof EnvironmentError) return { says: error.says, mend: error.mend }
    throw error
  }
}

const inWords = ({ name, says, mend }: Found & { readonly name: string }): string =>
  `${mend === undefined ? 'ok    ' : 'not ok'}  ${name.padEnd(12)} ${printable(says)}\n${mend === undefined ? '' : `        ${' '.repeat(13)}${printable(mend)}\n`}`
