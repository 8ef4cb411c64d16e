import { createRandom } from '@sluice/local/random';

/** Events that die of their first run, and what a replay makes of them. */
export type Letters = {
  readonly items: readonly unknown[];
  readonly succeeded: number;
  readonly duplicate: number;
  /** How many die again. */
  readonly dead: number;
};

/** The sources of dead letters: those that are replayed, and those that come too late for it. */
export const SOURCES = { letters: 'letters', late: 'late-letters' } as const;

/** Draws dead letters: most are mended by a replay, some say what another one says, some die again. */
export function drawLetters(count: number, seed: number): Letters {
  const random = createRandom(seed, 'letters');
  const items: unknown[] = [];
  let [pairs, dead] = [0, 0];
  while (items.length < count) {
    const n = items.length;
    const kind = random.fraction();
    if (kind < 0.05) {
      items.push({ source: SOURCES.letters, payload: { n }, simulateFailure: 'all' });
      dead += 1;
    } else if (kind < 0.1 && count - n >= 2) {
      // Two spellings of one sale: whichever is replayed first is the record.
      const [source, simulateFailure] = [SOURCES.letters, true];
      const timestamp = '2026-01-01T00:00:00Z';
      items.push(
        { source, simulateFailure, payload: { metric: `sale-${n}`, amount: 7, timestamp } },
        { source, simulateFailure, payload: { value: `sale-${n}`, price: '7', date: '2026/01/01' } },
      );
      pairs += 1;
    } else {
      items.push({ source: SOURCES.letters, payload: { n }, simulateFailure: true });
    }
  }
  return { items: random.shuffle(items), succeeded: count - dead - pairs, duplicate: pairs, dead };
}

/** Makes dead letters that come while the replay is on its way. */
export function toLateItems(count: number): unknown[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ source: SOURCES.late, payload: { n }, simulateFailure: true },
  }));
}
