/** One clear line where Skep cannot run, before anything is loaded that would fail with a stranger one. */
export function requireNode(version: string, platform: NodeJS.Platform): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const old = major < 22 || (major === 22 && minor < 18)
  const problem = old
    ? `skep needs Node 22.18 or newer, this is ${version}: run it with \`npx skep\` or \`npm start\` in the clone, which bring their own.`
    : platform === 'win32'
      ? 'skep runs on Linux and macOS; on Windows, run it inside WSL 2.'
      : undefined
  if (problem === undefined) return
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}
