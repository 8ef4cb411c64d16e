import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { METRIC } from '../bodies.ts';
import type { Case, CaseContext } from '../case.ts';
import { startCpuClock } from '../cpu.ts';
import { runLoad } from '../load/load.ts';
import { measureAnswers } from '../measure-answers.ts';
import { startNodeServer } from '../node-process.ts';
import { startBareMongo, startBareRedis } from '../stores.ts';
import { checkStored, untilStored } from '../until-stored.ts';

const FOLDER = join(import.meta.dirname, '../../baselines');
const RAW = 'rawevents';
const RECORDS = 'normalizedevents';

/** It accepts ten times faster than it stores: so many events a second of measuring keep its worker busy. */
const BULLMQ_EVENTS_PER_SECOND = 600;

/** The share that is stored before it is measured, as when Sluice drains a queue. */
const WARMUP_SHARE = 0.1;

/** Express and mongoose with one transaction for each request; an answer means that the event is stored. */
export const expressTransaction: Case = {
  rows: ['express'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const mongo = await startBareMongo(context);
    const server = await startServer(context, 'express-server.ts', [mongo.uri]);
    const { figures, load } = await measureAnswers(
      { ...METRIC, status: 201, url: server.url, seconds: context.seconds },
      { http: [server.pid], mongod: mongo.pids },
    );
    await checkCounts(await connect(context, mongo.uri), load.accepted);
    return { express: figures };
  },
};

/**
 * BullMQ as its tutorial shows it. What it accepts while its worker is behind is not the question: a burst is sent,
 * and measured is how fast its worker stores it, most of the time with the machine to itself.
 */
export const bullmqTutorial: Case = {
  rows: ['bullmq'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const [redis, mongo] = await Promise.all([startBareRedis(context), startBareMongo(context)]);
    const server = await startServer(context, 'bullmq-server.ts', [redis.url]);
    const worker = await startServer(context, 'bullmq-worker.ts', [redis.url, mongo.uri]);
    const db = await connect(context, mongo.uri);
    const records = db.collection(RECORDS);
    const { seconds } = context;
    const { accepted, refused, measured } = await runLoad({
      ...METRIC,
      url: server.url,
      seconds,
      maxRequests: seconds * BULLMQ_EVENTS_PER_SECOND,
      warmupSeconds: 0,
    });
    await untilStored(records, Math.ceil(accepted * WARMUP_SHARE));
    const readCpu = startCpuClock({
      http: [server.pid],
      worker: [worker.pid],
      redis: redis.pids,
      mongod: mongo.pids,
    });
    const from = await records.estimatedDocumentCount();
    const fromMs = performance.now();
    await untilStored(records, accepted);
    const stored = accepted - from;
    const perSecond = (stored * 1000) / (performance.now() - fromMs);
    const cpu = readCpu(stored);
    await checkCounts(db, accepted);
    return { bullmq: { perSecond, answered: measured.latency, stored: null, ...cpu, extra: { refused } } };
  },
};

async function startServer({ resources }: CaseContext, name: string, args: readonly string[]) {
  const server = await startNodeServer(join(FOLDER, name), args);
  resources.defer(server.kill);
  return server;
}

async function connect({ resources }: CaseContext, uri: string): Promise<Db> {
  const client = await MongoClient.connect(uri);
  resources.defer(() => client.close());
  return client.db();
}

async function checkCounts(db: Db, accepted: number): Promise<void> {
  for (const name of [RAW, RECORDS]) await checkStored(db.collection(name), accepted);
}
