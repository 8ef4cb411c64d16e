/*
 * A run of harm to the backup:
 *   1. A whole Sluice is started, with a backup behind a proxy and two replicators.
 *   2. Events are ingested at a rate, other documents are written past the service, and harm is done at random.
 *   3. Everything is healed and the traffic ends. Each collection must become the same on both sides.
 *   4. A verification by the service itself must find the same, and the ledger must be balanced.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fullSyncSchema, fullSyncsSchema } from '@sluice/contracts/full-sync';
import { createRandom } from '@sluice/local/random';
import type { Environment, Say } from '@sluice/local/say';
import { MongoClient } from 'mongodb';
import { createService, type Service } from '../replay/service.ts';
import { type BackupStack, startBackupStack } from './backup-stack.ts';
import { createJudge, listCopied, readContent } from './compare.ts';
import { doHarm } from './nemesis.ts';
import { sendEvents, writePast } from './sender.ts';

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

/** How long the backup may take to be the same once all is well. */
const CONVERGE_MS = 3 * MINUTE_MS;
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
  const untilMs = performance.now() + harmMs;
  const faults = await doHarm(backupStack, { random: createRandom(seed, 'faults'), untilMs, say, signal });
  ending.abort();
  const [events] = await Promise.all([sending, writing]);
  say(`${events} events accepted; all harm is over.`);
  await Promise.all(backupStack.replicators.map((app) => app.whenReady(signal)));
  say('The replicators are ready.');
  const broken = [...(await checkLedger(service))];
  say('The events are settled; both sides are read.');
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
  await service.until('no full sync is under way', 5 * MINUTE_MS, async () => {
    const { current } = fullSyncsSchema.parse((await service.get('/api/sync/full')).body);
    return current === null ? true : undefined;
  });
  const request = { mode: 'verify', ratePerSecond: 1_000_000, reason: 'the end of a fault run' };
  const { body } = await service.post('/api/sync/full', request);
  const { id } = fullSyncSchema.parse(body);
  const last = await service.until('the verification is over', 5 * MINUTE_MS, async () => {
    const found = fullSyncsSchema.parse((await service.get('/api/sync/full')).body).last;
    return found?.id === id ? found : undefined;
  });
  const { state, compared, missing, extra, unequal, lagging } = last;
  const words = `${state}, ${compared} compared, ${missing} missing, ${extra} extra, ${unequal} unequal, ${lagging} lagging`;
  say(`Verified by itself: ${words}.`);
  return last.identical === true ? [] : [`The service's own verification: ${words}`];
}
