import { createTestNames } from '@sluice/local/test-names';
import { createLogger } from '@sluice/runtime/logger';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { migrate } from '@sluice/store/migrate';
import { createPollRuns, type PollRuns } from '@sluice/store/poll-runs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPollLags } from '../src/poll-lags.ts';

const { prefix, mongoUrl } = createTestNames();
const logger = createLogger({ app: 'scheduler', instance: prefix, level: 'silent' });
const NOW_MS = Date.UTC(2026, 0, 1);
let store: StoreConnection;
let runs: PollRuns;

beforeAll(async () => {
  store = connectStore({ uri: mongoUrl, appName: prefix });
  await migrate(store, 30_000);
  runs = createPollRuns(store);
});
afterAll(async () => {
  await store.db.dropDatabase();
  await store.close();
});

/** Notes a run of a source that began so many seconds ago. */
async function note(source: string, outcome: 'polled' | 'partial' | 'failed', secondsAgo: number) {
  const startedAt = new Date(NOW_MS - secondsAgo * 1000);
  await runs.note(
    { source, slot: 1, scheduler: 's', startedAt, cursorBefore: null },
    {
      ...{ pages: 1, records: 0, accepted: 0, duplicates: 0, problems: { count: 0, first: [] } },
      ...{ outcome, endedAt: startedAt, cursorAfter: null, error: null },
    },
  );
}

function createLags(from: Pick<PollRuns, 'findLastWhole'>, sources: string[]) {
  return createPollLags({
    ...{ runs: from, listSources: () => sources, logger, now: () => NOW_MS, patienceMs: 500 },
  });
}

it('counts from the last run that read everything, of active sources alone', async () => {
  for (const secondsAgo of [90, 60]) await note('erp', 'polled', secondsAgo);
  await note('erp', 'partial', 30);
  await note('erp', 'failed', 10);
  await note('never', 'failed', 10);
  await note('gone', 'polled', 10);
  const lags = createLags(runs, ['erp', 'never', 'unknown']);
  expect([...(await lags.read())]).toEqual([['erp', 60]]);
});

it('does not forget that run when many fail after it, nor in a scheduler that starts then', async () => {
  await note('broken', 'polled', 500);
  const sources = ['broken'];
  const lags = createLags(runs, sources);
  expect((await lags.read()).get('broken')).toBe(500);
  for (let secondsAgo = 100; secondsAgo > 70; secondsAgo -= 1) await note('broken', 'failed', secondsAgo);
  expect((await lags.read()).get('broken')).toBe(500);
  expect((await createLags(runs, sources).read()).get('broken')).toBe(500);
  sources.pop();
  expect((await lags.read()).size).toBe(0);
});

it('answers from what it knows while the store refuses or is silent', async () => {
  await note('quiet', 'polled', 40);
  let { findLastWhole } = runs;
  const lags = createLags({ findLastWhole: (given) => findLastWhole(given) }, ['quiet']);
  await lags.read();
  findLastWhole = () => Promise.reject(new Error('away'));
  expect((await lags.read()).get('quiet')).toBe(40);
  findLastWhole = () => Promise.withResolvers<never>().promise;
  expect((await lags.read()).get('quiet')).toBe(40);
});
