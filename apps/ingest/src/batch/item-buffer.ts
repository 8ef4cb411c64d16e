import { type Piece, toOversized } from './splitter.ts';

/** The bytes of the item that is being read. */
export type ItemBuffer = {
  /** Begins an item at this offset in the batch. */
  begin(offset: number): void;
  /** Adds bytes; those beyond the largest item are dropped. */
  add(bytes: Buffer): void;
  /** Ends the item. */
  take(): Piece;
};

/** Creates the buffer of an item; an item of more than `maxItemBytes` comes out as refused. */
export function createItemBuffer(maxItemBytes: number): ItemBuffer {
  let parts: Buffer[] = [];
  let sizeBytes = 0;
  let offset = 0;
  return {
    begin(at) {
      offset = at;
    },
    add(bytes) {
      sizeBytes += bytes.length;
      if (sizeBytes > maxItemBytes) parts = [];
      else if (bytes.length > 0) parts.push(bytes);
    },
    take() {
      const [first = Buffer.alloc(0), ...others] = parts;
      const isOversized = sizeBytes > maxItemBytes;
      parts = [];
      sizeBytes = 0;
      if (isOversized) return toOversized(maxItemBytes);
      const bytes = others.length === 0 ? first : Buffer.concat([first, ...others]);
      return { kind: 'item', bytes, offset };
    },
  };
}
