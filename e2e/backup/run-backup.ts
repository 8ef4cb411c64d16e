/*
 * A run of harm to the backup:
 *   1. A whole Sluice is started, with a backup behind a proxy and two replicators.
 *   2. Events are ingested at a rate, other documents are written past the service, and harm is done at random. Meanwhile the
 *      backup is looked at: where it says that it is what the primary was at one time, no transaction may be there in part.
 *   3. Everything is healed and the traffic ends. The ledger must be balanced and the backup must catch up, however long
 *      that takes on this machine, but without standing still.
 *   4. Each collection must be the same on both sides.
 *   5. A verification by the service itself must find the same.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fullSyncSchema, fullSyncsSchema } from '@sluice/contracts/full-sync';
import { syncHealthSchema } from '@sluice/contracts/sync';
import { createRandom } from '@sluice/local/random';
import type { Environment, Say } from '@sluice/local/say';
import { MongoClient } from 'mongodb';
import { createService, type Service } from '../replay/service.ts';
import { type BackupStack, startBackupStack } from './backup-stack.ts';
import { createJudge, listCopied, readContent } from './compare.ts';
import { doHarm } from './nemesis.ts';
import { sendEvents, writePast } from './sender.ts';
import { type SumsWatch, transfer, watchSums } from './transfers.ts';

export type BackupRunOptions = {
  readonly seed: number;
  readonly harmMs: number;
  readonly eventsPerSecond: number;
  readonly env: Environment;
  readonly say: Say;
  readonly signal: AbortSignal;
};

/** What a run found; `broken` tells what was promised and is not so. */
export type BackupReport = {
  readonly broken: readonly string[];
  readonly events: number;
  readonly documents: number;
  readonly faults: number;
  readonly seconds: number;
};

const MINUTE_MS = 60_000;

/** How long the backup may stand still once all is well: a lease runs out, and a process is started again, meanwhile. */
const STILL_MS = MINUTE_MS;

/** How often is told how far it is behind, and what counts as nearly nothing. */
const TOLD_MS = 10_000;
const CAUGHT_UP_SECONDS = 2;

/** How long it may take to be the same once it has caught up. */
const CONVERGE_MS = 2 * MINUTE_MS;
const AGAIN_MS = 500;

/** Does harm for `harmMs` and checks what came of it. */
export async function runBackup(options: BackupRunOptions): Promise<BackupReport> {
  const { seed, harmMs, eventsPerSecond, say, signal } = options;
  const startedMs = performance.now();
  await using undo = new AsyncDisposableStack();
  const backupStack = await startBackupStack(options);
  undo.defer(backupStack.stop);
  const { stack } = backupStack;
  const primary = await MongoClient.connect(stack.mongodbUri);
  undo.defer(() => primary.close());
  const service = createService(stack.apiUrl, signal);
  const ending = new AbortController();
  const traffic = AbortSignal.any([signal, ending.signal]);
  const sending = sendEvents({
    ...{ ingestUrl: stack.ingestUrl, perSecond: eventsPerSecond, signal: traffic },
    random: createRandom(seed, 'events'),
  });
  const writing = writePast(primary.db(), createRandom(seed, 'past'), traffic);
  const transferring = transfer(primary, createRandom(seed, 'transfers'), traffic);
  const looking = new AbortController();
  const backup = await MongoClient.connect(backupStack.backupUri, { serverSelectionTimeoutMS: 1000 });
  undo.defer(() => backup.close());
  const watching = watchSums(backup, AbortSignal.any([signal, looking.signal]));
  const untilMs = performance.now() + harmMs;
  const faults = await doHarm(backupStack, { random: createRandom(seed, 'faults'), untilMs, say, signal });
  ending.abort();
  const [events] = await Promise.all([sending, writing, transferring]);
  say(`${events} events accepted; all harm is over.`);
  await Promise.all(backupStack.replicators.map((app) => app.whenReady(signal)));
  say('The replicators are ready.');
  const broken = [...(await checkLedger(service))];
  say('The events are settled.');
  broken.push(...(await catchUp(service, say)), ...(await untilOneState(service, watching)));
  looking.abort();
  broken.push(...(await watching.broken));
  say(`${watching.looks()} times the backup was looked at, and was one state. Both sides are read.`);
  const { differences, documents } = await compare(primary, backupStack, options);
  say(`${documents} documents were compared.`);
  broken.push(...differences, ...(await verify(service, say)));
  const seconds = (performance.now() - startedMs) / 1000;
  return { broken, events, documents, faults, seconds };
}

async function checkLedger(service: Service): Promise<readonly string[]> {
  try {
    await service.until('everything is settled', 5 * MINUTE_MS, async () => {
      const { ledger } = await service.readStats();
      return ledger.inFlight === 0 && ledger.unaccounted === 0 && ledger.balanced ? true : undefined;
    });
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** Waits until the backup has nearly all and no full sync is under way: reading both sides would only slow it down. */
async function catchUp(service: Service, say: Say): Promise<readonly string[]> {
  let [synced, movedMs, toldMs] = [-1, performance.now(), Number.NEGATIVE_INFINITY];
  for (;;) {
    const health = syncHealthSchema.parse((await service.get('/api/sync/health')).body);
    const { current } = fullSyncsSchema.parse((await service.get('/api/sync/full')).body);
    const { state, lagSeconds, lag } = health;
    if (state === 'active' && current === null && lagSeconds !== null && lagSeconds < CAUGHT_UP_SECONDS)
      return [];
    const nowMs = performance.now();
    const compared = current?.compared ?? 0;
    if (health.synced + compared !== synced) [synced, movedMs] = [health.synced + compared, nowMs];
    const words = `${state}, lag ${lag}, ${health.synced} synced, full sync ${current?.phase ?? 'none'} ${compared}`;
    if (nowMs - movedMs > STILL_MS) return [`The backup stands still: ${words}`];
    if (nowMs - toldMs > TOLD_MS) {
      toldMs = nowMs;
      say(`The backup: ${words}.`);
    }
    await pause(AGAIN_MS);
  }
}

/** Once it has caught up the backup says that it is what the primary was at one time, whatever was copied meanwhile. */
async function untilOneState(service: Service, { looks }: SumsWatch): Promise<readonly string[]> {
  const before = looks();
  try {
    await service.until('the backup is one state', MINUTE_MS, async () => looks() > before || undefined);
    return [];
  } catch (error) {
    return [String(error)];
  }
}

async function compare(
  primary: MongoClient,
  { backupUri }: BackupStack,
  { say, signal }: Pick<BackupRunOptions, 'say' | 'signal'>,
): Promise<{ readonly differences: readonly string[]; readonly documents: number }> {
  await using undo = new AsyncDisposableStack();
  const backup = await MongoClient.connect(backupUri);
  undo.defer(() => backup.close());
  const [here, there] = [primary.db(), backup.db()];
  const untilMs = performance.now() + CONVERGE_MS;
  const differences: string[] = [];
  let documents = 0;
  for (const name of await listCopied(here, there)) {
    const judge = createJudge(name);
    for (let told: string | null = null; ; ) {
      signal.throwIfAborted();
      const content = await readContent(here, name);
      const difference = judge(content, await readContent(there, name));
      if (difference !== null && performance.now() < untilMs) {
        if (difference !== told) say(difference);
        told = difference;
        await pause(AGAIN_MS);
        continue;
      }
      if (difference !== null) differences.push(difference);
      documents += content.size;
      break;
    }
  }
  return { differences, documents };
}

async function verify(service: Service, say: Say): Promise<readonly string[]> {
  const request = { mode: 'verify', ratePerSecond: 1_000_000, reason: 'the end of a fault run' };
  // Refused while a full sync is under way, which may have begun by itself.
  const { id } = await service.until('a verification begins', 5 * MINUTE_MS, async () => {
    const { status, body } = await service.post('/api/sync/full', request);
    return status < 300 ? fullSyncSchema.parse(body) : undefined;
  });
  const last = await service.until('the verification is over', 5 * MINUTE_MS, async () => {
    const found = fullSyncsSchema.parse((await service.get('/api/sync/full')).body).last;
    return found?.id === id ? found : undefined;
  });
  const { state, compared, missing, extra, unequal, lagging } = last;
  const words = `${state}, ${compared} compared, ${missing} missing, ${extra} extra, ${unequal} unequal, ${lagging} lagging`;
  say(`Verified by itself: ${words}.`);
  return last.identical === true ? [] : [`The service's own verification: ${words}`];
}
