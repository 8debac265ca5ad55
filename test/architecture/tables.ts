/** Who may import whom. A place is a folder (ending with a slash) or a file; the longest that fits a path is the one that counts. */
export const places: Readonly<Record<string, readonly string[]>> = {
  'cloud/ports.ts': [],
  'cloud/local/': ['cloud/ports.ts', 'custody/names.ts', 'custody/ssh-keys.ts'],
  'cloud/aws/': ['cloud/ports.ts', 'custody/names.ts'],
  'runner/': [],
  'runner/connections/': ['runner/'],
  'runner/engine/': ['runner/'],
  'runner/report/': ['runner/'],
  'inventory/': ['runner/'],
  'modules/': ['runner/'],
  'playbooks/': ['runner/', 'modules/'],
  'custody/ssh-keys.ts': [],
  'custody/': ['cloud/ports.ts', 'custody/ssh-keys.ts'],
  'fleet/': ['cloud/ports.ts', 'custody/'],
  'worker/': ['cloud/ports.ts', 'custody/'],
  'worker/pipelines/': [],
  'key-host/': ['cloud/ports.ts', 'custody/'],
  'intake/': ['cloud/ports.ts', 'custody/', 'fleet/rows.ts'],
  'owner/': ['cloud/ports.ts', 'custody/'],
  'diagram/': [],
}

/** Where parts are put together: these may import anything of ours. */
export const assembly = [/^cli\//, /^bastion-agent\//, /^[a-z-]+\/main\.ts$/, /^test\//, /^scripts\//, /^vitest\./]

/** Who may name which package; a package that is not here has no place yet. Tests may name all but those kept even from them. */
export const packages: Readonly<Record<string, readonly RegExp[]>> = {
  '@standard-schema/spec': [/^runner\//],
  zod: [/^(?!runner\/|cloud\/ports\.ts)/],
  'node-ssh': [/^runner\/connections\//],
  ssh2: [/^runner\/connections\//, /^cloud\/local\//],
  listr2: [/^runner\/report\//, /^cli\//],
  openpgp: [/^custody\/openpgp\.ts$/],
  commander: [/^cli\//],
  esbuild: [/^bastion-agent\//, /^scripts\//],
  fflate: [/^scripts\//],
  yaml: [/^inventory\/yaml-file\.ts$/],
  zx: [/^scripts\//, /^test\/lab\//],
  '@aws-sdk': [/^cloud\/aws\//],
  'node:sqlite': [/^cloud\/local\//],
  vitest: [/^vitest\.(terraform\.)?config\.ts$/],
  'fast-check': [],
  // AGPL: a second judge of policies in tests, and nothing that is shipped may touch it.
  '@cloud-copilot/iam-simulate': [/^test\/terraform\/policy\/judge\.test\.ts$/],
}

/** Packages that a test may not name everywhere either. */
export const keptFromTests = ['zx', '@aws-sdk', '@cloud-copilot/iam-simulate']
