import { type OperationPlan, type Replay, replayDetailSchema } from '@sluice/contracts/operations';
import type { Db } from 'mongodb';
import { type Letters, SOURCES } from './letters.ts';
import type { Service } from './service.ts';

export type CheckOptions = {
  readonly service: Service;
  readonly db: Db;
  readonly letters: Letters;
  /** How many events died while the replay was on its way. */
  readonly late: number;
  readonly plan: OperationPlan;
  readonly replay: Replay;
};

type Stored = {
  readonly _id: string;
  readonly source: string;
  readonly status: string;
  readonly run: number;
  readonly attempts: number;
  readonly replay?: { readonly operation: string; readonly state: string };
  readonly history?: readonly { readonly run: number }[];
};

/** Checks what a replay has made of its events, in MongoDB itself; returns what is broken, in words. */
export async function checkReplay(options: CheckOptions): Promise<string[]> {
  const { db, service, letters, late, plan, replay } = options;
  const count = letters.items.length;
  const broken: string[] = [];
  const expectEqual = (what: string, found: unknown, expected: unknown) => {
    if (found !== expected) broken.push(`${what}: ${String(found)}, expected ${String(expected)}`);
  };

  expectEqual('planned by the dry run', plan.count, count);
  expectEqual('planned', replay.planned, count);
  expectEqual('state', replay.state, 'done');
  expectEqual('enqueued', replay.enqueued, count);
  expectEqual('succeeded', replay.succeeded, letters.succeeded);
  expectEqual('duplicate', replay.duplicate, letters.duplicate);
  expectEqual('failed again', replay.failedAgain, letters.dead);
  expectEqual('skipped', replay.skipped, 0);

  const projection = { source: 1, status: 1, run: 1, attempts: 1, replay: 1, 'history.run': 1 };
  const stored = await db.collection<Stored>('raw_events').find({}, { projection }).toArray();
  expectEqual('raw events', stored.length, count + late);
  for (const event of stored) broken.push(...checkEvent(event, replay.id));
  const records = await db.collection('normalized_events').countDocuments();
  expectEqual('normalized events', records, letters.succeeded);

  const failed = new Set(await listFailedAgain(service, replay.id));
  const dead = stored.filter(({ source, status }) => source === SOURCES.letters && status === 'dead');
  expectEqual('listed as failed again', failed.size, dead.length);
  for (const { _id } of dead) if (!failed.has(_id)) broken.push(`${_id} is not listed as failed again`);

  const { ledger, queue } = await service.readStats();
  expectEqual('the ledger is balanced', ledger.balanced, true);
  expectEqual('unaccounted', ledger.unaccounted, 0);
  expectEqual('jobs left', queue.waiting + queue.active + queue.delayed, 0);
  return broken;
}

/** Each planned event had its first run and one more; a late one had no other. */
function checkEvent(
  { _id, source, status, run, attempts, replay, history = [] }: Stored,
  id: string,
): string[] {
  const runs = new Set(history.map((entry) => entry.run)).add(run);
  if (source === SOURCES.late) {
    const isUntouched = status === 'dead' && run === 0 && replay === undefined && runs.size === 1;
    return isUntouched ? [] : [`${_id} came too late and was touched: ${status}, runs ${[...runs].join()}`];
  }
  const isTouched = replay?.operation === id && replay.state === 'taken' && run > 0;
  if (!isTouched) return [`${_id} was not touched: ${status}, run ${run}`];
  const isOnce = runs.size === 2 && attempts === 1 && history.length === (status === 'dead' ? 2 : 1);
  return isOnce ? [] : [`${_id} was touched more than once: runs ${[...runs].join()}, attempts ${attempts}`];
}

async function listFailedAgain(service: Service, id: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor = '';
  do {
    const { body } = await service.get(`/api/replays/${id}?limit=500${cursor}`);
    const { failedAgainIds, nextCursor } = replayDetailSchema.parse(body);
    ids.push(...failedAgainIds);
    cursor = nextCursor === null ? '' : `&cursor=${encodeURIComponent(nextCursor)}`;
  } while (cursor !== '');
  return ids;
}
