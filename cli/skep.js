#!/usr/bin/env node
/**
 * Where `skep` begins. Plain JavaScript, so that a Node that cannot load the rest still says in one line what is needed.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const problem =
  major < 22 || (major === 22 && minor < 18)
    ? `skep needs Node 22.18 or newer, this is ${process.versions.node}: in the clone, \`npm ci\` brings one, and \`npx skep\` and \`npm start\` use it.`
    : process.platform === 'win32'
      ? 'skep runs on Linux and macOS; on Windows, run it inside WSL 2.'
      : undefined

if (problem === undefined) await import('./main.ts')
else {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}
