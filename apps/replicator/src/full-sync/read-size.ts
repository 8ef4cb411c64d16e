/** How many documents are read at once. */
export type ReadSize = {
  /** Reads as many documents as it may now; the next time it may be fewer, when this fails, or somewhat more. */
  adapt<Result>(read: (count: number) => Promise<Result>): Promise<Result>;
};

const SHRINK = 4;
const GROW = 1.1;

/**
 * Creates a number of documents that begins at `max`. Documents may be so large, or the line so slow, that as many of them
 * never arrive within the time of a reading: it is a quarter after each one that failed, down to one.
 */
export function createReadSize(max: number): ReadSize {
  let size = max;
  return {
    async adapt(read) {
      try {
        const result = await read(size);
        size = Math.min(max, Math.ceil(size * GROW));
        return result;
      } catch (error) {
        size = Math.max(1, Math.floor(size / SHRINK));
        throw error;
      }
    },
  };
}
