/*
 * A bulk replay under fire, and the proof that it kept its promise:
 *   1. Dead letters are made, and the plan must count them exactly.
 *   2. The replay is started. While it is on its way other events die, and schedulers, workers and the api are killed.
 *   3. When it is over, each planned event was touched once, the late ones not at all, and the ledger is balanced.
 */
import {
  operationPlanSchema,
  type Replay,
  replayDetailSchema,
  replaySchema,
} from '@sluice/contracts/operations';
import type { KeptApp } from '@sluice/local/kept-app';
import { createRandom } from '@sluice/local/random';
import type { Say } from '@sluice/local/say';
import type { Db } from 'mongodb';
import { checkReplay } from './check-replay.ts';
import { drawLetters, SOURCES, toLateItems } from './letters.ts';
import { createService, type Service } from './service.ts';

export type ReplayRunOptions = {
  readonly stack: {
    readonly apiUrl: string;
    readonly app: (name: 'api') => KeptApp;
    readonly workers: () => readonly KeptApp[];
    readonly schedulers: () => readonly KeptApp[];
  };
  readonly db: Db;
  readonly count: number;
  readonly seed: number;
  readonly say: Say;
  readonly signal: AbortSignal;
};

/** What a run found; `broken` tells what was promised and is not so. */
export type ReplayReport = {
  readonly replay: Replay;
  readonly killed: readonly string[];
  readonly seconds: number;
  readonly broken: readonly string[];
};

const BATCH = 500;
const MINUTE_MS = 60_000;

/** The replay shall take this long, so that there is time to harm it. */
const AIMED_SECONDS = 20;
const MAX_RATE = 1000;

/** Makes `count` dead letters, replays them under fire, and checks what came of it. */
export async function runReplay(options: ReplayRunOptions): Promise<ReplayReport> {
  const { stack, count, seed, say, signal } = options;
  const service = createService(stack.apiUrl, signal);
  const letters = drawLetters(count, seed);
  await send(service, letters.items);
  await untilDead(service, count, count);
  say(`${count} dead letters.`);

  const filter = { source: SOURCES.letters };
  const plan = operationPlanSchema.parse((await service.post('/api/replays', { filter, dryRun: true })).body);
  const ratePerSecond = Math.min(MAX_RATE, Math.max(20, Math.ceil(count / AIMED_SECONDS)));
  const startedMs = performance.now();
  const started = await service.post('/api/replays', {
    ...{ filter: {}, ratePerSecond, stopAtFailureShare: 1, reason: 'a test under fire' },
  });
  const first = replaySchema.parse(started.body);
  const late = Math.ceil(count / 50);
  const [killed] = await Promise.all([kill(options, service, first.id), sendLate(service, late)]);
  const replay = await service.until('the replay is done', 10 * MINUTE_MS, async () => {
    const now = await readReplay(service, first.id);
    return now.settled ? now : undefined;
  });
  const seconds = (performance.now() - startedMs) / 1000;
  say(`Replayed in ${seconds.toFixed(1)} s: ${toWords(replay)}.`);
  await untilDead(service, count + late, late + letters.dead);
  const broken = await checkReplay({ ...options, service, letters, late, plan, replay });
  return { replay, killed, seconds, broken };
}

async function send(service: Service, items: readonly unknown[]): Promise<void> {
  for (let from = 0; from < items.length; from += BATCH) {
    const { status, body } = await service.post('/api/events/batch', items.slice(from, from + BATCH));
    if (status !== 202) throw new Error(`A batch was answered ${status}: ${JSON.stringify(body)}`);
  }
}

/** Sends a few at a time, so that some of them die before each part of the replay. */
async function sendLate(service: Service, count: number): Promise<void> {
  const items = toLateItems(count);
  const step = Math.max(1, Math.ceil(count / 5));
  for (let from = 0; from < count; from += step) await send(service, items.slice(from, from + step));
}

async function untilDead(service: Service, accepted: number, dead: number): Promise<void> {
  await service.until(`${dead} of ${accepted} events are dead`, 5 * MINUTE_MS, async () => {
    const { ledger } = await service.readStats();
    return ledger.accepted === accepted && ledger.dead === dead && ledger.inFlight === 0 ? true : undefined;
  });
}

/** Kills a scheduler, a worker and the api, each twice, at moments of the replay that the seed draws. */
async function kill(
  { stack, seed, say }: ReplayRunOptions,
  service: Service,
  id: string,
): Promise<readonly string[]> {
  const random = createRandom(seed, 'kills');
  const victims = random.shuffle(['scheduler', 'worker', 'api', 'scheduler', 'worker', 'api'] as const);
  const moments = victims.map(() => 0.02 + 0.9 * random.fraction()).toSorted((a, b) => a - b);
  const killed: string[] = [];
  for (const [index, victim] of victims.entries()) {
    const now = await service.until(`${moments[index]} of the replay`, 5 * MINUTE_MS, async () => {
      const replay = await readReplay(service, id);
      const share = replay.planned === 0 ? 0 : replay.enqueued / replay.planned;
      return replay.settled || share >= (moments[index] ?? 0) ? replay : undefined;
    });
    if (now.settled) break;
    const targets = {
      api: [stack.app('api')],
      worker: stack.workers(),
      scheduler: stack.schedulers(),
    }[victim];
    say(`${victim} is killed at ${now.enqueued} of ${now.planned}.`);
    // All schedulers at once: whichever runs it is among them.
    const doomed = victim === 'scheduler' ? targets : targets.slice(0, 1);
    await Promise.all(doomed.map((app) => app.kill('SIGKILL')));
    killed.push(victim);
  }
  return killed;
}

async function readReplay(service: Service, id: string): Promise<Replay> {
  const { body } = await service.get(`/api/replays/${id}?limit=1`);
  return replayDetailSchema.parse(body);
}

function toWords({ enqueued, succeeded, duplicate, failedAgain, skipped }: Replay): string {
  return `${enqueued} enqueued, ${succeeded} succeeded, ${duplicate} duplicate, ${failedAgain} failed again, ${skipped} skipped`;
}
