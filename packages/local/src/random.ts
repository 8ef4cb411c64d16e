import { hash } from 'node:crypto';

/** A source of numbers that looks random and is the same for the same seed. */
export type Random = {
  /** Returns a number from 0 up to, not including, 1. */
  fraction(): number;
  /** Returns a whole number, both bounds included. */
  whole(min: number, max: number): number;
  /** Returns one of the items. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** Returns the items in another order. */
  shuffle<Item>(items: readonly Item[]): Item[];
};

/** Creates a source of numbers (Mulberry32); each label of a seed has numbers of its own. */
export function createRandom(seed: number, label: string): Random {
  let state = Number.parseInt(hash('sha256', `${seed}/${label}`).slice(0, 8), 16);

  function fraction(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  function whole(min: number, max: number): number {
    return min + Math.floor(fraction() * (max - min + 1));
  }

  return {
    fraction,
    whole,
    pick: (items) => items[whole(0, items.length - 1)] ?? items[0],
    shuffle: (items) =>
      items
        .map((item) => ({ item, rank: fraction() }))
        .sort((left, right) => left.rank - right.rank)
        .map(({ item }) => item),
  };
}
