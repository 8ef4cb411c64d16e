import { MAX_SAMPLES } from '@sluice/contracts/full-sync';
import type { Document, Filter } from 'mongodb';
import { beforeAll, expect, it, vi } from 'vitest';
import { read, startPair, toFound } from './backup-pair.ts';

const pair = await startPair();
const { primary, backup } = pair;
const PATIENCE = { timeout: 25_000, interval: 50 };
pair.startOne();

// The one that every new backup begins with.
beforeAll(() => pair.ended());

it('a full sync copies documents whose ids together are larger than a command may be', async () => {
  // As many as are looked up at once, which are handed over at once, too. Those that are kept as samples are short.
  const documents = Array.from({ length: 100 }, (_, n) => {
    const _id = n < MAX_SAMPLES ? `!${n}` : `${n} `.padEnd(230_000, 'x');
    return { _id, n } as Document;
  });
  const { here, there } = pair.sides('long');
  await here.insertMany(documents);
  // To count them is less work than to read them again and again.
  const untilCopied = (filter: Filter<Document>) =>
    vi.waitFor(async () => expect(await there.countDocuments(filter)).toBe(100), PATIENCE);
  await untilCopied({ n: { $gte: 0 } });
  await there.updateMany({}, { $set: { n: -1 } });
  expect(toFound(await pair.run(), 'long')).toMatchObject({ unequal: 100 });
  expect(await read(backup.db, 'long')).toEqual(await read(primary.db, 'long'));
  // Changes without a document are read as the feed comes to them.
  await here.updateMany({}, { $set: { n: 1000 } });
  await untilCopied({ n: 1000 });
});
