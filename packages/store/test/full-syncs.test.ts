import { describe, expect, it, vi } from 'vitest';
import { createFullSyncStore, toOwnFullSync } from '../src/full-syncs.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const store = createFullSyncStore(connection);

/** Full syncs that are begun, each as soon as the one before is seen to be over. */
const COUNT = 20;
/** Writers beside, so that there are writes under way that are older than the end of a full sync. */
const WRITERS = 16;

describe('the store of full syncs', () => {
  it('starts the next one as soon as anybody can see that the last one is over, whatever else is written', async () => {
    const noise = connection.db.collection('noise');
    let isOver = false;
    const write = async (): Promise<void> => {
      while (!isOver) await noise.insertMany(Array.from({ length: 500 }, () => ({ text: 'x'.repeat(200) })));
    };
    const writers = Array.from({ length: WRITERS }, write);
    const met: string[] = [];
    for (let count = 0; count < COUNT; count += 1) {
      const created = await store.create(toOwnFullSync('a test'), new Date());
      if ('meets' in created) {
        met.push(created.meets);
        continue;
      }
      const runner = { id: created._id, fence: 1 };
      await store.begin(runner, [], new Date());
      const ended = store.end(runner, 'done', {}, new Date());
      await vi.waitFor(async () => expect((await store.findLast()).last?._id).toBe(created._id), {
        interval: 1,
      });
      const next = await store.create(toOwnFullSync('a test'), new Date());
      if ('meets' in next) met.push(next.meets);
      await ended;
      await store.change('cancelled', 'a test', new Date());
    }
    isOver = true;
    await Promise.all(writers);
    expect(met).toEqual([]);
  });
});
