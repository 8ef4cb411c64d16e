import { EVENT_ID_PATTERN } from '@sluice/contracts/event';
import type { Kept } from '@sluice/protocol/group-commit';

/** How many items of a batch there are of each outcome. */
export type ResultCounts = {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
};

/** What became of each item of a batch. A number takes 20 bytes, whatever is written of it. */
export type Results = {
  /** Notes that an item is kept. @throws TypeError for an id that is none of ours */
  keep(index: number, kept: Kept): void;
  /** Notes that an item was refused, and why. */
  refuse(index: number, problem: { readonly code: string; readonly detail: string }): void;
  count(): ResultCounts;
  /** Writes the results as the JSON array of the answer (`BatchAnswer`), in order, some kilobytes at a time. */
  write(): Generator<string>;
};

/** What an item came to: not known yet, kept, known before; from `REFUSED` on the number of a refusal. */
const KEPT = 1;
const KNOWN = 2;
const REFUSED = 3;

const ID_PREFIX = 'evt_';
const ID_BYTES = 16;

/** How many results are written at once. */
const WRITTEN_AT_ONCE = 200;

/**
 * Creates the results of a batch. Kept as objects until whoever sent them has read the answer, those of 50,000 items
 * would take 7 MB, and the 100 KB that they can be sent in would be a cheap way to fill a process.
 */
export function createResults(): Results {
  let outcomes = new Int32Array(256);
  let ids = Buffer.alloc(256 * ID_BYTES);
  let length = 0;
  const counts = { accepted: 0, duplicates: 0, rejected: 0 };
  /** Few differ. */
  const refusals: string[] = [];
  const numbers = new Map<string, number>();

  function set(index: number, outcome: number): void {
    if (index >= outcomes.length) {
      const size = Math.max(index + 1, outcomes.length * 2);
      const [oldOutcomes, oldIds] = [outcomes, ids];
      outcomes = new Int32Array(size);
      outcomes.set(oldOutcomes);
      ids = Buffer.alloc(size * ID_BYTES);
      ids.set(oldIds);
    }
    outcomes[index] = outcome;
    length = Math.max(length, index + 1);
  }

  function toNumber(refusal: string): number {
    const known = numbers.get(refusal);
    if (known !== undefined) return known;
    numbers.set(refusal, refusals.length);
    return refusals.push(refusal) - 1;
  }

  function toText(index: number): string {
    const outcome = outcomes[index] ?? 0;
    if (outcome >= REFUSED) return `{"index":${index},${refusals[outcome - REFUSED]}}`;
    const id = ids.toString('hex', index * ID_BYTES, (index + 1) * ID_BYTES);
    return `{"index":${index},"id":"${ID_PREFIX}${id}","duplicate":${outcome === KNOWN}}`;
  }

  function* write(): Generator<string> {
    for (let from = 0; from < length; from += WRITTEN_AT_ONCE) {
      const texts: string[] = [];
      for (let index = from; index < Math.min(length, from + WRITTEN_AT_ONCE); index++) {
        texts.push(toText(index));
      }
      yield `${from === 0 ? '[' : ','}${texts.join(',')}`;
    }
    yield length === 0 ? '[]' : ']';
  }

  return {
    keep(index, { id, duplicate }) {
      if (!EVENT_ID_PATTERN.test(id)) throw new TypeError(`${id} is no id of an event.`);
      set(index, duplicate ? KNOWN : KEPT);
      ids.write(id.slice(ID_PREFIX.length), index * ID_BYTES, ID_BYTES, 'hex');
      counts[duplicate ? 'duplicates' : 'accepted'] += 1;
    },
    refuse(index, { code, detail }) {
      set(index, REFUSED + toNumber(JSON.stringify({ code, detail }).slice(1, -1)));
      counts.rejected += 1;
    },
    count: () => ({ ...counts }),
    write,
  };
}
