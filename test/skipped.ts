import type { Reporter, TestModule, TestSuite } from 'vitest/node'

/** Says at the end which tests were skipped: their titles, or their groups', say why. */
export const skipped: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const lines = modules.flatMap((module) => skippedIn(module).map((name) => `   ${module.relativeModuleId}: ${name}\n`))
    if (lines.length > 0) process.stdout.write(`\n Skipped here:\n${lines.join('')}\n`)
  },
}

/** Tests, or whole groups where nothing of them was run. */
function skippedIn(group: TestModule | TestSuite): readonly string[] {
  return group.children.array().flatMap((child) => {
    const tests = child.type === 'test' ? [child] : [...child.children.allTests()]
    if (tests.length > 0 && tests.every((test) => test.result().state === 'skipped')) return [child.fullName]
    return child.type === 'test' ? [] : skippedIn(child)
  })
}
