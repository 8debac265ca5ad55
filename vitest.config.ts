import { defineConfig } from 'vitest/config'
import { skipped } from './test/skipped.ts'

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', skipped],
    projects: [
      {
        test: {
          name: 'skep',
          include: ['test/**/*.test.ts'],
          exclude: ['test/terraform/**'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // Terraform alone needs seconds to start.
      { test: { name: 'terraform', include: ['test/terraform/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 240_000 } },
    ],
  },
})
