import { createRandom, type Random } from '@sluice/local/random';

/** Virtual time, in which everything that happens is an action at a moment; the same seed makes the same world. */
export type World = {
  readonly random: Random;
  /** Now, in epoch milliseconds of virtual time. */
  now(): number;
  /** Runs an action after a while, at a moment that no other action has. */
  after(delayMs: number, action: () => void): void;
  /** Notes what happens, for whoever replays a seed. */
  note(text: string): void;
  /** Notes that a promise was broken. */
  violate(text: string): void;
  readonly notes: readonly string[];
  readonly violations: readonly string[];
  /** Lets time pass until `isOver`, or until nothing is left to happen, or for `maxMs`. Returns the actions run. */
  run(isOver: () => boolean, maxMs: number): Promise<number>;
};

type Action = { readonly at: number; readonly rank: number; readonly action: () => void };

const EPOCH = Date.parse('2026-01-01T00:00:00Z');
const MAX_NOTES = 20_000;

/** Creates a world at the beginning of its time. */
export function createWorld(seed: number): World {
  const random = createRandom(seed, 'world');
  const queue = createHeap();
  const notes: string[] = [];
  const violations: string[] = [];
  let now = EPOCH;

  function note(text: string): void {
    if (notes.length < MAX_NOTES) notes.push(`${(now - EPOCH).toFixed(1).padStart(10)} ms  ${text}`);
  }

  return {
    random,
    now: () => now,
    after(delayMs, action) {
      // The rank decides between actions of the same moment, so that their order is up to the seed.
      queue.push({ at: now + Math.max(0, delayMs), rank: random.fraction(), action });
    },
    note,
    violate(text) {
      note(`VIOLATION ${text}`);
      violations.push(text);
    },
    notes,
    violations,
    async run(isOver, maxMs) {
      const until = now + maxMs;
      let actions = 0;
      for (;;) {
        if (isOver()) return actions;
        const next = queue.pop();
        if (next === undefined) return actions;
        if (next.at > until) {
          queue.push(next);
          return actions;
        }
        now = Math.max(now, next.at);
        next.action();
        actions += 1;
        await untilIdle();
      }
    },
  };
}

/** Resolves when every promise that can settle now has told whoever awaits it. */
function untilIdle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A binary heap; the earliest action is on top. */
function createHeap(): { push(item: Action): void; pop(): Action | undefined } {
  const items: Action[] = [];

  function isBefore(left: number, right: number): boolean {
    const a = items[left] as Action;
    const b = items[right] as Action;
    return a.at < b.at || (a.at === b.at && a.rank < b.rank);
  }

  function swap(left: number, right: number): void {
    [items[left], items[right]] = [items[right] as Action, items[left] as Action];
  }

  function push(item: Action): void {
    items.push(item);
    let index = items.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(index, parent)) return;
      swap(index, parent);
      index = parent;
    }
  }

  function pop(): Action | undefined {
    if (items.length < 2) return items.pop();
    swap(0, items.length - 1);
    const top = items.pop();
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let first = index;
      if (left < items.length && isBefore(left, first)) first = left;
      if (right < items.length && isBefore(right, first)) first = right;
      if (first === index) return top;
      swap(index, first);
      index = first;
    }
  }

  return { push, pop };
}
