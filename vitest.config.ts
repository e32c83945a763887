import { defineConfig } from 'vitest/config';
import { compileCacheFolder } from './src/compile-cache.ts';
import { SpreadOut } from './test/support/spread-out.ts';

// Hundreds of processes are started; what was compiled once is not compiled again.
process.env['NODE_COMPILE_CACHE'] ??= compileCacheFolder;

export default defineConfig({
  test: {
    // One real PostgreSQL for the whole run; each test file makes databases of its own on it.
    globalSetup: ['test/support/postgres.ts'],
    setupFiles: ['test/support/tell-on-failure.ts'],
    // Node runs TypeScript itself; tests see the same modules as `node src/cli.ts` does.
    experimental: { viteModuleRunner: false },
    // Workers are kept, with what they have loaded: a third of a short file's time went into loading it all again. No
    // test may leave anything behind in its process, or change what is global in it.
    isolate: false,
    sequence: { sequencer: SpreadOut },
    // Four at once on two cores: most of the time goes into waiting for the world, not into computing.
    maxWorkers: 4,
    // Each demo is a database, a world and a bot; more of them at once would starve each other.
    maxConcurrency: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
