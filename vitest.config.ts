import { defineConfig } from 'vitest/config';
import { compileCacheFolder } from './src/compile-cache.ts';

// Hundreds of processes are started; what was compiled once is not compiled again.
process.env['NODE_COMPILE_CACHE'] ??= compileCacheFolder;

export default defineConfig({
  test: {
    // One real PostgreSQL for the whole run; each test file makes databases of its own on it.
    globalSetup: ['test/support/postgres.ts'],
    // Node runs TypeScript itself; tests see the same modules as `node src/cli.ts` does.
    experimental: { viteModuleRunner: false },
    // Four at once on two cores: most of the time goes into waiting for the world, not into computing.
    maxWorkers: 4,
    // Each demo is a database, a world and a bot; more of them at once would starve each other.
    maxConcurrency: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
