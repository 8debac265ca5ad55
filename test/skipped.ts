import type { Reporter, TestModule } from 'vitest/node'

/** Says at the end which tests were skipped: their titles, or their groups', say why. */
export const skipped: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const names = new Set<string>()
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const group = [...test.fullName.split(' > ')].slice(0, -1).join(' > ')
        names.add(`${module.relativeModuleId}: ${group === '' ? test.name : group}`)
      }
    }
    if (names.size > 0) process.stdout.write(`\n Skipped here:\n${[...names].map((name) => `   ${name}\n`).join('')}\n`)
  },
}
