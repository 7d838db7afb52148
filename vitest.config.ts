import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.spec.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    // Long enough to install a peer from the package archive.
    hookTimeout: 150_000,
    coverage: {
      include: ['src/**/*.ts', 'operators/**/*.ts'],
    },
  },
});
