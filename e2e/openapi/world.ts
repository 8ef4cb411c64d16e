import type { Called, Client } from './client.ts';

/** Things that exist, so that every operation has something to tell of; ids by the word before them in a path. */
export type World = {
  readonly ids: Readonly<Record<string, string>>;
  /** Stored events, and dead letters that nothing else uses. */
  readonly events: readonly string[];
  readonly dead: readonly string[];
};

/** Sources that there are in a world: one that sends without a signature, one that is polled, one to be deactivated. */
export const WORLD_SOURCES = {
  pushed: 'world.pushed',
  polled: 'world.polled',
  spare: 'world.spare',
} as const;

type Made = { readonly id: string };

const GOOD = 8;
const DEAD = 10;

/** So slow that it is under way whenever somebody looks. */
const SLOW_PER_SECOND = 0.1;

/**
 * Makes a world by the api itself: sources, mappings, events, dead letters, a refused request, a key, a replay and a
 * discard. Events must die of one attempt (`RETRY_ATTEMPTS=1`, `FAILURE_SIMULATION=on`). Throws when anything is refused.
 */
export async function makeWorld(client: Client): Promise<World> {
  async function make(path: string, body: unknown): Promise<Called['body']> {
    const called = await client.call('POST', path, { body });
    if (called.status >= 300) throw new Error(`${path}: ${called.status} ${JSON.stringify(called.body)}`);
    return called.body;
  }

  const { pushed, polled, spare } = WORLD_SOURCES;
  await client.until('the key is in force', '/api/session', () => true);
  for (const id of [pushed, spare]) await make('/api/sources', { id, kind: 'push' });
  await make('/api/sources', {
    ...{ id: polled, kind: 'poll', url: 'http://127.0.0.1:9/orders', allowPrivate: true },
    ...{ schedule: '0 0 0 1 1 *', idPath: 'id', cursor: { kind: 'id', param: 'after', path: 'id' } },
  });
  await make(`/api/sources/${pushed}/mapping`, { type: 'sale', fields: { amount: { from: 'price' } } });

  const sent: { readonly results: readonly { readonly id: string }[] } = await make('/api/events/batch', [
    ...Array.from({ length: GOOD }, (_, n) => ({
      ...{ source: pushed, payload: { price: n, at: 1_767_323_045 + n } },
    })),
    ...Array.from({ length: DEAD }, (_, n) => ({
      ...{ source: 'world.dying', payload: { n }, simulateFailure: 'all' },
    })),
  ]);
  const ids = sent.results.map(({ id }) => id);
  await make('/vital-data', { device: 'world', timestamp: 1_767_323_045, heartRateValue: 61 });
  await client.call('POST', '/api/events', { body: '{"source":' });
  await client.until('events die', '/api/dead-letters', ({ total }: { total: number }) => total >= DEAD);

  const dead = ids.slice(GOOD);
  const [discarded, ...others] = dead;
  const replay: Made = await make('/api/replays', {
    ...{
      filter: { ids: others.slice(0, 3) },
      ratePerSecond: SLOW_PER_SECOND,
      reason: 'A replay that is under way.',
    },
  });
  const discard: Made = await make('/api/discards', { filter: { ids: [discarded] }, reason: 'Not needed.' });
  const key: Made = await make('/api/keys', { name: 'world', role: 'viewer' });
  return {
    ids: {
      ...{ events: ids[0] ?? '', sources: pushed, hooks: pushed, mapping: '1' },
      ...{ replays: replay.id, discards: discard.id, keys: key.id },
    },
    events: ids.slice(0, GOOD),
    dead: others.slice(3),
  };
}
