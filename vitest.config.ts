import { defineConfig } from 'vitest/config';
import type {} from './packages/local/src/test-context.ts';

const MINUTE = 60_000;

/** It measures: nothing may run beside it. */
const CROWD = 'apps/live/test/crowd.test.ts';

// Servers and apps of their own run beside the tests: more workers make them slower, not faster.
const limits = { testTimeout: MINUTE, hookTimeout: MINUTE, maxWorkers: 2 };

const withServers = {
  globalSetup: ['packages/local/src/test-setup.ts'],
  provide: { hostEnv: { ...process.env } },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...limits,
          name: 'unit',
          include: ['{apps,packages}/*/{src,sim}/**/*.test.ts', '{demo,bench}/src/**/*.test.ts'],
        },
      },
      {
        test: {
          ...limits,
          ...withServers,
          name: 'integration',
          include: ['{apps,packages}/*/test/**/*.test.ts', 'demo/test/**/*.test.ts'],
          exclude: [CROWD],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...limits,
          ...withServers,
          name: 'e2e',
          include: ['e2e/**/*.test.ts', CROWD],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
