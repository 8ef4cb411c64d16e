import type { Document } from 'mongodb';
import { describe, expect, it, vi } from 'vitest';
import { toPositions } from '../src/position.ts';
import { read, startPair, toFound } from './backup-pair.ts';

const pair = await startPair({ oplogMb: 1 });
const { primary, backup, store } = pair;
const PATIENCE = { timeout: 40_000, interval: 100 };

/** Writes until the primary has forgotten all that it had written up to now. */
async function rollOver(): Promise<void> {
  const oplog = primary.client.db('local').collection<Document>('oplog.rs');
  const [newest] = await oplog.find().sort({ $natural: -1 }).limit(1).toArray();
  const text = 'x'.repeat(100_000);
  await vi.waitFor(async () => {
    await primary.db.collection('filler').insertMany(Array.from({ length: 10 }, () => ({ text })));
    const [oldest] = await oplog.find().sort({ $natural: 1 }).limit(1).toArray();
    expect(oldest?.['ts'].greaterThan(newest?.['ts'])).toBe(true);
  }, PATIENCE);
}

describe('an oplog that no longer reaches back to where the backup stands', () => {
  it('12: leads to a full sync by itself, which brings what is missing and deletes nothing', async () => {
    const replicator = pair.startOne();
    await pair.ended();
    const { here, there } = pair.sides('items');
    await here.insertMany(['a', 'b', 'c'].map((_id) => ({ _id, v: 1 }) as Document));
    await pair.converged('items');
    await replicator.stop();
    const before = await toPositions(backup).findOne({ _id: 'position' });

    await here.updateOne({ _id: 'a' as never }, { $set: { v: 2 } });
    await here.deleteOne({ _id: 'b' as never });
    await here.insertOne({ _id: 'd' as never });
    await rollOver();
    pair.startOne();
    const sync = await vi.waitFor(async () => {
      const last = await pair.ended();
      expect(last.reason).toBe('The position in the changes of the primary is lost.');
      return last;
    }, PATIENCE);
    expect(sync).toMatchObject({ actor: 'replicator', deletes: 'none', state: 'done' });
    expect(toFound(sync, 'items')).toMatchObject({ missing: 1, unequal: 1, extra: 1 });
    expect(await there.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 'a', v: 2 },
      { _id: 'b', v: 1 },
      { _id: 'c', v: 1 },
      { _id: 'd' },
    ]);
    expect(await store.findAsked()).toBeNull();
    // From there on it follows again.
    await here.updateOne({ _id: 'c' as never }, { $set: { v: 3 } });
    await vi.waitFor(async () => expect(await there.findOne({ v: 3 })).not.toBeNull(), PATIENCE);
    const after = await toPositions(backup).findOne({ _id: 'position' });
    expect(after?.start).not.toEqual(before?.start);
    await pair.run({ deletes: 'all' });
    expect(await read(backup.db, 'items')).toEqual(await read(primary.db, 'items'));
  });
});
