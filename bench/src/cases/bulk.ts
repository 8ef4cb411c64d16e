import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { Case, Figures } from '../case.ts';
import { startCpuClock } from '../cpu.ts';
import { startNodeProcess } from '../node-process.ts';
import { startSluice } from '../sluice.ts';
import { storeSome } from '../store-some.ts';
import { startBareMongo } from '../stores.ts';
import { checkStored } from '../until-stored.ts';

const SCRIPT = join(import.meta.dirname, '../bulk-process.ts');

type Inserted = { readonly inserted: number; readonly measured: number; readonly seconds: number };

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

async function insert(
  sourceUri: string,
  mongo: { readonly uri: string; readonly pids: readonly number[] },
  seconds: number,
): Promise<Figures> {
  const writer = startNodeProcess(SCRIPT, [sourceUri, mongo.uri, `${seconds}`]);
  const { promise, resolve } = Promise.withResolvers<Inserted>();
  let readCpu: ReturnType<typeof startCpuClock> | undefined;
  writer.onMessage((message) => {
    if (!isWriterMessage(message)) return;
    if (message.kind === 'measuring') readCpu = startCpuClock({ worker: [writer.pid], mongod: mongo.pids });
    else resolve(message);
  });
  try {
    const { inserted, measured, seconds } = await writer.waitFor(promise);
    const cpu = readCpu?.(measured) ?? { cpuUs: {}, foreignShare: null };
    await checkInserted(mongo.uri, inserted);
    return { perSecond: measured / seconds, answered: null, stored: null, ...cpu, extra: {} };
  } finally {
    await writer.kill();
  }
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

/** Only our own writer sends there, so its word for the rest is taken. */
function isWriterMessage(
  message: unknown,
): message is { readonly kind: 'measuring' } | ({ readonly kind: 'done' } & Inserted) {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
