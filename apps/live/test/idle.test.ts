import { toCollection } from '@sluice/store/collections';
import { expect, it, vi } from 'vitest';
import { createRecordSource } from '../src/stream-source.ts';
import { insertNumbers, startUnopenedLive, toDocument, useDatabase } from './fixtures.ts';
import { isRecord, openStream, toNumber } from './sse-reader.ts';

const { store, mongoUrl } = useDatabase();
const watchRecords = createRecordSource(store);

async function startIdleLive(idleMs: number) {
  let open = 0;
  const live = await startUnopenedLive(mongoUrl, {
    idleMs,
    watch(options) {
      open += 1;
      const watching = watchRecords(options);
      return {
        ...watching,
        async close() {
          await watching.close();
          open -= 1;
        },
      };
    },
  });
  return { url: `${live.url}/stream`, countOpen: () => open };
}

it('watches MongoDB only while somebody watches it', async () => {
  const { url, countOpen } = await startIdleLive(100);
  expect(countOpen()).toBe(0);
  const stream = await openStream(url);
  expect(countOpen()).toBe(1);
  stream.close();
  await vi.waitFor(() => expect(countOpen()).toBe(0), { timeout: 10_000 });
});

it('misses nothing that is stored after the first client is connected', async () => {
  const { url } = await startIdleLive(60_000);
  const stream = await openStream(url);
  await toCollection(store, 'normalized_events').insertOne(toDocument(7));
  expect(toNumber(await stream.next(isRecord))).toBe(7);
});

it('catches a client up on what was stored while nobody watched', async () => {
  const { url, countOpen } = await startIdleLive(100);
  const stream = await openStream(url);
  const { id = '' } = await stream.next(({ id }) => id !== undefined);
  stream.close();
  await vi.waitFor(() => expect(countOpen()).toBe(0), { timeout: 10_000 });
  await insertNumbers(store, 100, 105);
  const again = await openStream(url, { lastEventId: id });
  const numbers = [];
  while (numbers.length < 6) numbers.push(toNumber(await again.next(isRecord)));
  expect(numbers).toEqual([100, 101, 102, 103, 104, 105]);
});
