import type { RawItem } from '@sluice/contracts/api';
import type { DeadFilter, Replay } from '@sluice/contracts/operations';
import { Failure, read, send } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';

/** How many events a canary has, and how many of them must succeed. */
export const CANARY_COUNT = 10;
export const CANARY_SUCCESSES = 9;

/** Stands for a cause where the events of a canary are not all of one. */
export const EVERY_CAUSE = 'all';

/**
 * Starts a replay of the dead letters that a filter finds, of exactly those that were dead at the watermark. A canary is a replay of the
 * newest ten of them, or of the first ten where events are named.
 *
 * @throws Failure
 */
export async function startReplay({
  filter,
  scope,
  ...request
}: {
  readonly filter: DeadFilter;
  readonly scope: 'all' | 'canary';
  readonly watermark: string;
  readonly ratePerSecond: number;
  readonly stopAtFailureShare: number;
  readonly reason: string;
}): Promise<Replay> {
  if (scope === 'all') return send<Replay>('POST', '/api/replays', { filter, ...request });
  // What died since the plan is not part of it, and would only be left out of the replay.
  const ids =
    filter.ids?.slice(0, CANARY_COUNT) ??
    (await readNewestIds({ ...filter, to: filter.to ?? request.watermark }));
  if (ids.length === 0) throw new Failure('Nothing of it is dead any more.', { status: 0 });
  const canary = { status: 'dead', ids };
  return send<Replay>('POST', '/api/replays', {
    filter: canary,
    ...request,
    reason: `Canary: ${request.reason}`,
  });
}

async function readNewestIds({ status, source, code, fingerprint, from, to }: DeadFilter): Promise<string[]> {
  const query = { status, source, code, fingerprint, from, to, limit: CANARY_COUNT };
  const { items } = await read<Page<RawItem>>('/api/events/raw', query);
  return items.map(({ id }) => id);
}
