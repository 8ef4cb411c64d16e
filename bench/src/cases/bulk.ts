import { MongoClient } from 'mongodb';
import type { Case, Figures } from '../case.ts';
import { runWriter } from '../run-writer.ts';
import { startSluice } from '../sluice.ts';
import { storeSome } from '../store-some.ts';
import { type Mongo, startBareMongo } from '../stores.ts';
import { checkStored } from '../until-stored.ts';

/** MongoDB alone: copies of documents that Sluice stored, in the largest bulks that a worker writes. */
export const bulk: Case = {
  rows: ['bulk'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const sluice = await startSluice(context, 'everysec');
    await storeSome(sluice);
    const mongo = await startBareMongo(context);
    return { bulk: await insert(sluice.mongodbUri, mongo, context.seconds) };
  },
};

async function insert(sourceUri: string, mongo: Mongo, seconds: number): Promise<Figures> {
  const args = [sourceUri, mongo.uri, `${seconds}`];
  const { figures, written } = await runWriter('bulk-process.ts', args, mongo);
  await checkInserted(mongo.uri, written);
  return figures;
}

async function checkInserted(uri: string, inserted: number): Promise<void> {
  const client = await MongoClient.connect(uri);
  try {
    for (const name of ['raw_events', 'normalized_events']) {
      await checkStored(client.db().collection(name), inserted);
    }
  } finally {
    await client.close();
  }
}
