/*
 * The floor under a worker: MongoDB alone, given what Sluice stores as fast as it takes it.
 *
 * 1. Documents that Sluice has stored are read, raw and normalized; their indexes are built in a new database.
 * 2. Copies with new ids and hashes are inserted: 200 of each in a transaction, majority and journaled, with as many
 *    transactions under way as a worker has.
 * 3. After a second of warming up it tells that it measures, at the end how many it inserted in all.
 */
import { randomBytes } from 'node:crypto';
import { type Db, type Document, MongoClient } from 'mongodb';

const [sourceUri = '', targetUri = '', seconds = ''] = process.argv.slice(2);
const NAMES = ['normalized_events', 'raw_events'] as const;
const BULK = 200;
const IN_FLIGHT = 4;
const SAMPLES = 10_000;
const WARMUP_SECONDS = 1;
const ID_BYTES = 16;

process.once('disconnect', () => process.exit(1));
const client = await MongoClient.connect(targetUri);
const target = client.db();
const samples = await prepare();
const measureFromMs = performance.now() + WARMUP_SECONDS * 1000;
const endsAtMs = measureFromMs + Number(seconds) * 1000;
let nextSample = 0;
let inserted = 0;
let insertedBefore: number | undefined;
await Promise.all(Array.from({ length: IN_FLIGHT }, insertUntilEnd));
const measuredSeconds = (performance.now() - measureFromMs) / 1000;
process.send?.({
  kind: 'done',
  written: inserted,
  measured: inserted - (insertedBefore ?? 0),
  seconds: measuredSeconds,
});

async function prepare(): Promise<Document[][]> {
  const source = await MongoClient.connect(sourceUri);
  try {
    return await copyIndexes(source.db());
  } finally {
    await source.close();
  }
}

/** Builds the indexes and returns the documents to copy. */
async function copyIndexes(from: Db): Promise<Document[][]> {
  const ids = await from
    .collection(NAMES[0])
    .find({}, { limit: SAMPLES, projection: { _id: 1 } })
    .toArray();
  const found = NAMES.map(async (name) => {
    const indexes = await from.collection(name).indexes();
    await target
      .collection(name)
      .createIndexes(indexes.filter(({ name }) => name !== '_id_').map(({ v: _, ...index }) => index));
    return from
      .collection(name)
      .find({ _id: { $in: ids.map(({ _id }) => _id) } })
      .sort({ _id: 1 })
      .toArray();
  });
  const documents = await Promise.all(found);
  if (documents.some(({ length }) => length < SAMPLES))
    throw new Error('There are too few documents to copy.');
  return documents;
}

async function insertUntilEnd(): Promise<void> {
  for (;;) {
    const nowMs = performance.now();
    if (nowMs >= endsAtMs) return;
    if (nowMs >= measureFromMs && insertedBefore === undefined) {
      insertedBefore = inserted;
      process.send?.({ kind: 'measuring' });
    }
    await insertBulk(toBulk());
    inserted += BULK;
  }
}

/** Ids are spread as hashes are, which costs an index more than ids that rise. */
function toBulk(): Document[][] {
  const from = nextSample;
  nextSample = (nextSample + BULK) % SAMPLES;
  const ids = Array.from({ length: BULK }, () => randomBytes(ID_BYTES).toString('hex'));
  return samples.map((documents) =>
    documents.slice(from, from + BULK).map((document, index) => ({
      ...document,
      _id: `evt_${ids[index]}`,
      normalizedHash: `${ids[index]}${ids[index]}`,
    })),
  );
}

async function insertBulk(bulk: Document[][]): Promise<void> {
  await client.withSession((session) =>
    session.withTransaction(
      async () => {
        for (const [index, documents] of bulk.entries()) {
          await target.collection(NAMES[index] ?? '').insertMany(documents, { session });
        }
      },
      { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } },
    ),
  );
}
