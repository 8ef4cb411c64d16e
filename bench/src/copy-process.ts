/*
 * Writes copies of documents that Sluice has stored: the backlog of a replicator, and what it is compared with.
 *
 * 1. Raw and normalized events are read from a Sluice's MongoDB.
 * 2. Copies with ids of their own are written to another database, half of each, 1,000 in a `bulkWrite` and one of those
 *    after the other: inserted (`fill`), or put in place of what may be there, as whatever copies must (`copy`).
 * 3. After the first tenth it tells that it measures, at the end how many it wrote since, and in what time.
 */
import { hash } from 'node:crypto';
import { type AnyBulkWriteOperation, type Collection, MongoClient } from 'mongodb';

type Stored = { readonly _id: string };

const [sourceUri = '', targetUri = '', wanted = '', how = ''] = process.argv.slice(2);
const COPIED = { raw_events: 'backlog_raw', normalized_events: 'backlog_normalized' } as const;
const BULK = 1000;
const WARMUP_SHARE = 0.1;
const SAMPLES = 10_000;
const ID_LENGTH = 32;

process.once('disconnect', () => process.exit(1));
const count = Number(wanted);
const client = await MongoClient.connect(targetUri);
const samples = await readSamples();
const targets = Object.values(COPIED).map((name) => client.db().collection<Stored>(name));
let written = 0;
let from = 0;
let fromMs = performance.now();
for (let bulk = 0; written < count; bulk += 1) {
  if (from === 0 && written >= count * WARMUP_SHARE) {
    from = written;
    fromMs = performance.now();
    process.send?.({ kind: 'measuring' });
  }
  const which = bulk % targets.length;
  await write(targets[which], samples[which] ?? [], Math.min(BULK, count - written));
}
const seconds = (performance.now() - fromMs) / 1000;
process.send?.({ kind: 'done', written, measured: written - from, seconds });

async function readSamples(): Promise<Stored[][]> {
  const source = await MongoClient.connect(sourceUri);
  try {
    return await Promise.all(
      Object.keys(COPIED).map((name) =>
        source.db().collection<Stored>(name).find({}, { limit: SAMPLES }).toArray(),
      ),
    );
  } finally {
    await source.close();
  }
}

async function write(to: Collection<Stored> | undefined, copied: Stored[], size: number): Promise<void> {
  if (to === undefined || copied.length === 0) throw new Error('There are no documents to copy.');
  const operations = Array.from({ length: size }, (_, n) => toOperation(copied, written + n));
  await to.bulkWrite(operations, { ordered: false, writeConcern: { w: 'majority', journal: true } });
  written += size;
}

/** Ids are spread as those of events are, and the same in every run. */
function toOperation(copied: Stored[], n: number): AnyBulkWriteOperation<Stored> {
  const document = { ...copied[n % copied.length], _id: `evt_${hash('sha256', `${n}`).slice(0, ID_LENGTH)}` };
  if (how === 'fill') return { insertOne: { document } };
  return { replaceOne: { filter: { _id: document._id }, replacement: document, upsert: true } };
}
