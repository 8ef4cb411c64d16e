/*
 * A fault run, from its seed to its verdict:
 *   1. A cluster is started on a folder of its own, with secrets made for it.
 *   2. Senders send, and the book keeps what was answered.
 *   3. The nemesis does harm until time is nearly over.
 *   4. Everything is healed, the senders stop, and what is under way is drained.
 *   5. What MongoDB, the ledger, the logs and the book say is checked. The folder goes when all holds.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { toReceiptId } from '@sluice/contracts/bulk';
import { createRandom } from '@sluice/local/random';
import type { Environment, Say } from '@sluice/local/say';
import { type Db, MongoClient } from 'mongodb';
import { createAnswerCheck } from '../openapi/answer-check.ts';
import { readDocument } from '../openapi/document.ts';
import { type BookReading, createBook } from './book.ts';
import type { Check } from './check.ts';
import {
  checkAnswers,
  checkDrained,
  checkInvented,
  checkKept,
  checkLedger,
  checkLogs,
  checkMemory,
  checkStatuses,
  readReceipts,
} from './checks.ts';
import { type Cluster, type Pace, type Secrets, startCluster } from './cluster.ts';
import type { Fault, FaultContext, Form } from './context.ts';
import { type Drained, drain } from './drain.ts';
import { endAfter } from './end-after.ts';
import { createLosses, type Losses } from './losses.ts';
import { type MemoryWatch, watchMemory } from './memory-watch.ts';
import { type NemesisReport, runNemesis } from './nemesis.ts';
import { createRequestMaker } from './requests.ts';
import { type StatusWatch, watchStatuses } from './status-watch.ts';
import { readStoredEvents, type StoredEvents } from './stored-events.ts';
import { startTraffic } from './traffic.ts';

/** What a run is made from. */
export type FaultRunOptions = {
  readonly seed: number;
  /** How long harm is done; starting, draining and checking come on top. */
  readonly harmMs: number;
  readonly form: Form;
  readonly faults: readonly Fault[];
  readonly eventsPerSecond: number;
  /** For the servers' programs, PATH above all. */
  readonly env: Environment;
  /** Told of every fault as it happens. */
  readonly say: Say;
  /** Ends the harm early. */
  readonly signal: AbortSignal;
};

/** What came out of a run. */
export type FaultRunReport = {
  readonly nemesis: NemesisReport;
  readonly book: BookReading;
  readonly checks: readonly Check[];
  readonly memory: ReadonlyMap<string, number>;
  readonly drained: Drained;
  /** Where data and logs are; removed when every check holds. */
  readonly dir: string;
};

const PACES = {
  short: { lockMs: 3000, stalledMs: 3000, parkMaxMs: 10_000 },
  full: { lockMs: 15_000, stalledMs: 5000, parkMaxMs: 60_000 },
} as const satisfies Record<Form, Pace>;
const DRAIN_WITHIN_MS = { short: 120_000, full: 900_000 } as const satisfies Record<Form, number>;

const SEEN_WITHIN_MS = 30_000;
const LOOK_MS = 250;

/** Runs faults on the real thing and checks every promise. */
export async function runFaults(options: FaultRunOptions): Promise<FaultRunReport> {
  const { form, env, say } = options;
  const dir = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
  const secrets = { hmac: toSecret(), redisPassword: toSecret(), mongoPassword: toSecret() };
  await using open = new AsyncDisposableStack();
  const cluster = await startCluster({ dir, env, secrets, pace: PACES[form], say });
  open.defer(cluster.stop);
  const client = new MongoClient(cluster.mongo.url);
  open.defer(() => client.close());
  const db = client.db();
  const watch = await watchStatuses(db);
  open.defer(watch.stop);
  const memory = watchMemory(cluster.apps);
  open.defer(memory.stop);

  const report = await harmAndCheck(options, { cluster, db, watch, memory, secrets, dir });
  if (report.checks.every(({ broken }) => broken.length === 0)) {
    await open.disposeAsync();
    await rm(dir, { recursive: true, force: true });
  }
  return report;
}

type Running = {
  readonly cluster: Cluster;
  readonly db: Db;
  readonly watch: StatusWatch;
  readonly memory: MemoryWatch;
  readonly secrets: Secrets;
  readonly dir: string;
};

async function harmAndCheck(options: FaultRunOptions, running: Running): Promise<FaultRunReport> {
  const { seed, form, faults, say, harmMs } = options;
  const { cluster, db, memory, dir } = running;
  const book = createBook();
  const losses = createLosses();
  const maker = createRequestMaker(createRandom(seed, 'requests'), running.secrets.hmac);
  const { fraction } = createRandom(seed, 'senders');
  const check = createAnswerCheck(await readDocument(cluster.apiUrl));
  const perSecond = options.eventsPerSecond;
  const traffic = startTraffic({ cluster, maker, book, check, perSecond, fraction });
  const context: FaultContext = { cluster, traffic, losses, form };
  using ending = endAfter(options.signal, harmMs);
  const nemesis = await runNemesis({ faults, context, db, seed, say, signal: ending.signal });
  say('all is healed; what is under way is drained');
  await traffic.stop();
  const unready = await findUnready(cluster);
  const drained = await drain(cluster, db, losses, DRAIN_WITHIN_MS[form]);
  say(`drained after ${(drained.tookMs / 1000).toFixed(1)} s; now MongoDB is asked`);
  const reading = book.read();
  const checks = await checkAll(running, { drained, losses, reading });
  return {
    nemesis,
    book: reading,
    checks: [
      ...checks,
      { name: 'flow again within 60 s', broken: [...nemesis.stuck, ...unready] },
      checkMemory(memory.read()),
    ],
    memory: memory.read(),
    drained,
    dir,
  };
}

async function checkAll(
  { cluster, db, watch, secrets }: Running,
  found: { readonly drained: Drained; readonly losses: Losses; readonly reading: BookReading },
): Promise<readonly Check[]> {
  const { drained, losses, reading } = found;
  const stored = await readStoredEvents(db, losses);
  await untilSeen(watch, stored);
  const receipts = await readReceipts(db, losses);
  const lostBatches = [...losses.batches.values()].filter((batch) => !receipts.has(toReceiptId(batch)));
  const lost = new Set(lostBatches.flatMap(({ events }) => events));
  return [
    ...checkKept(reading, stored, lost),
    ...stored.checks,
    checkInvented(reading, stored),
    checkStatuses(watch, stored),
    checkLedger(drained, stored, losses, receipts),
    checkDrained(drained),
    ...checkAnswers(reading),
    ...(await checkLogs(cluster.logDir, secrets)),
  ];
}

/** The stream of changes may be a moment behind what is stored. */
async function untilSeen(watch: StatusWatch, stored: StoredEvents): Promise<void> {
  const untilMs = performance.now() + SEEN_WITHIN_MS;
  while (performance.now() < untilMs && checkStatuses(watch, stored).broken.length > 0) await pause(LOOK_MS);
}

async function findUnready({ apps }: Cluster): Promise<string[]> {
  const found = await Promise.allSettled(apps.map((app) => app.whenReady()));
  return found.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
}

function toSecret(): string {
  return randomBytes(18).toString('hex');
}
