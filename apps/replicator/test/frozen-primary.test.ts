import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openChangeStream } from '../src/changes/change-stream.ts';
import { readClusterTime } from '../src/changes/cluster-time.ts';
import { openChanges } from '../src/changes/open-changes.ts';
import { openOplog } from '../src/changes/oplog.ts';
import { openPair } from './pair.ts';

const { database: prefix } = createTestNames();

test.each([
  ['change stream', openChangeStream],
  ['oplog', openOplog],
  [
    'one that can be read',
    (...[primary, wanted]: Parameters<typeof openOplog>) =>
      openChanges(primary, { ...wanted, readsOplog: true }),
  ],
])('an answer of the %s is not waited for of a primary that is frozen', async (_what, open) => {
  const server = await startOwnMongo();
  onTestFinished(() => server.stop());
  const { primary } = openPair({ primary: server.url, backup: inject('mongoUrl') }, prefix);
  const stream = await open(primary, {
    start: { at: await readClusterTime(primary) },
    ...{ excluded: [], ending: new AbortController().signal, answersEveryMs: 100 },
  });
  onTestFinished(() => stream.close());
  await server.freeze();
  await expect(stream.next({ limit: 1, waitMs: 1000 })).rejects.toThrow(DependencyAwayError);
  server.thaw();
  await primary.ping();
  await expect(stream.next({ limit: 1, waitMs: 1 })).rejects.toThrow(DependencyAwayError);
});
