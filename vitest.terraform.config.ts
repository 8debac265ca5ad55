import { defineConfig } from 'vitest/config'
import { skipped } from './test/skipped.ts'

/** All that tries terraform/, the long ones (`*.lab.ts`) too. */
export default defineConfig({
  test: {
    include: ['test/terraform/**/*.{test,lab}.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    maxConcurrency: 2,
    reporters: ['default', skipped],
  },
})
