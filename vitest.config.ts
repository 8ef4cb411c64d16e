import { defineConfig } from 'vitest/config';
import type {} from './packages/local/src/test-context.ts';

const MINUTE = 60_000;

/** They measure, or take all of the machine: nothing may run beside them. */
const ALONE = ['apps/live/test/crowd.test.ts', 'e2e/faults.test.ts'];

/** Every answer that these tests get is checked against the description of the api. */
const CHECKED = ['e2e/openapi/watch-answers.ts'];

// Servers and apps of their own run beside the tests: more workers make them slower, not faster.
const limits = { testTimeout: MINUTE, hookTimeout: MINUTE, maxWorkers: 2 };

/** They keep nothing that one could change for another, and a process for each of them takes longer than many do. */
const shared = { isolate: false };

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
          ...shared,
          name: 'unit',
          include: ['{apps,packages}/*/{src,sim}/**/*.test.ts', '{demo,bench}/src/**/*.test.ts'],
        },
      },
      {
        test: {
          ...limits,
          ...withServers,
          ...shared,
          name: 'integration',
          include: ['{apps,packages}/*/test/**/*.test.ts', 'demo/test/**/*.test.ts'],
          exclude: ALONE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...limits,
          ...withServers,
          name: 'e2e',
          // A browser beside a whole stack, on two cores.
          testTimeout: 3 * MINUTE,
          include: ['e2e/**/*.test.ts'],
          exclude: ALONE,
          globalSetup: [...withServers.globalSetup, 'e2e/dashboard/build.ts'],
          setupFiles: CHECKED,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...limits,
          ...withServers,
          name: 'alone',
          include: ALONE,
          setupFiles: CHECKED,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
