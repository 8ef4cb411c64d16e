import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { createTestNames } from '@sluice/local/test-names';
import { startOwnMongo } from '@sluice/local/test-servers';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openChangeStream, readClusterTime } from '../src/change-stream.ts';
import { openPair } from './pair.ts';

const { database: prefix } = createTestNames();

test('an answer is not waited for of a primary that is frozen', async () => {
  const server = await startOwnMongo();
  onTestFinished(() => server.stop());
  const { primary } = openPair({ primary: server.url, backup: inject('mongoUrl') }, prefix);
  const stream = await openChangeStream(primary, {
    start: { at: await readClusterTime(primary) },
    ...{ excluded: [], ending: new AbortController().signal, answersEveryMs: 100 },
  });
  onTestFinished(() => stream.close());
  await server.freeze();
  await expect(stream.next({ limit: 1, waitMs: 1000 })).rejects.toThrow(DependencyAwayError);
  server.thaw();
});
