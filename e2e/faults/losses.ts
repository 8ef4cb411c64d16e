import { type BatchName, toReceiptId } from '@sluice/contracts/bulk';
import { eventsJobSchema, QUEUES } from '@sluice/contracts/queues';
import type { Redis } from 'ioredis';
import { type Print, toIdPrint } from './print.ts';

/** What was in Redis only when the run itself emptied it. */
export type Losses = {
  readonly add: (jobs: readonly string[]) => void;
  /** The batches that were waiting, by the id of their receipt, with the events that they held. */
  readonly batches: ReadonlyMap<string, BatchName & { readonly events: readonly Print[] }>;
  /**
   * The events of every job: what was stored of them already may stay `failed` or `pending`, because the job that
   * would have gone on with it is gone.
   */
  readonly events: ReadonlySet<Print>;
};

/** Creates the record of a run in which Redis was not emptied yet. */
export function createLosses(): Losses {
  const batches = new Map<string, BatchName & { readonly events: readonly Print[] }>();
  const all = new Set<Print>();
  return {
    batches,
    events: all,
    add: (jobs) => {
      for (const text of jobs) {
        const { instance, seq, events, single, park } = eventsJobSchema.parse(JSON.parse(text));
        const prints = events.map(({ eventId }) => toIdPrint(eventId));
        for (const print of prints) all.add(print);
        if (single === undefined && park === undefined) {
          batches.set(toReceiptId({ instance, seq }), { instance, seq, events: prints });
        }
      }
    },
  };
}

const READ_AND_FLUSH = `
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  if redis.call('TYPE', key).ok == 'hash' then
    local data = redis.call('HGET', key, 'data')
    if data then found[#found + 1] = data end
  end
end
redis.call('FLUSHALL')
return found`;

/** Empties Redis and returns the data of every job that was in it, as of one moment. */
export async function flushAll(client: Redis, prefix: string): Promise<string[]> {
  const found: unknown = await client.eval(READ_AND_FLUSH, 0, `${prefix}:${QUEUES.events}:*`);
  return Array.isArray(found) ? found.map(String) : [];
}
