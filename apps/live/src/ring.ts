import type { LiveEntry } from './frames.ts';

/** The newest messages, numbered without gaps; numbers go on when old messages leave. */
export type Ring = {
  /** Forgets everything and begins at a token. */
  begin(token: string): void;
  /** Forgets everything, and has no beginning again. */
  clear(): void;
  /** Adds a message; false when it is not newer than what was there before. */
  push(entry: LiveEntry): boolean;
  /** Notes that nothing came up to a token. */
  advance(token: string): void;
  /** The token up to which everything is known; null before the beginning. */
  position(): string | null;
  /** The token after which everything is here; null before the beginning. */
  floor(): string | null;
  /** The number that the next message will get. */
  end(): number;
  /** Returns the number of the first message after a token; undefined when some of those have left. */
  findAfter(token: string): number | undefined;
  /** Returns a message by number; undefined when it is not there yet, null when it has left. */
  read(number: number): LiveEntry | null | undefined;
};

/** Creates a ring of at most `maxCount` messages and, but for the newest one, `maxBytes`. */
export function createRing({
  maxCount,
  maxBytes,
}: {
  readonly maxCount: number;
  readonly maxBytes: number;
}): Ring {
  const slots: (LiveEntry | undefined)[] = [];
  let first = 0;
  let end = 0;
  let bytes = 0;
  let floor: string | null = null;
  let position: string | null = null;

  function at(number: number): LiveEntry {
    return slots[number % maxCount] as LiveEntry;
  }

  function dropOldest(): void {
    const oldest = at(first);
    bytes -= oldest.frame.length;
    floor = oldest.token;
    // Else large messages that have left would stay until as many as may be here had come after them.
    slots[first % maxCount] = undefined;
    first += 1;
  }

  return {
    begin(token) {
      slots.length = 0;
      first = end;
      bytes = 0;
      floor = token;
      position = token;
    },
    clear() {
      slots.length = 0;
      first = end;
      bytes = 0;
      floor = null;
      position = null;
    },
    push(entry) {
      if (position === null || entry.token <= position) return false;
      if (end - first === maxCount) dropOldest();
      slots[end % maxCount] = entry;
      end += 1;
      bytes += entry.frame.length;
      position = entry.token;
      while (bytes > maxBytes && end - first > 1) dropOldest();
      return true;
    },
    advance(token) {
      if (position !== null && token > position) position = token;
    },
    position: () => position,
    floor: () => floor,
    end: () => end,
    findAfter(token) {
      if (floor === null || token < floor) return undefined;
      let low = first;
      let high = end;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (at(middle).token <= token) low = middle + 1;
        else high = middle;
      }
      return low;
    },
    read(number) {
      if (number < first) return null;
      return number < end ? at(number) : undefined;
    },
  };
}
