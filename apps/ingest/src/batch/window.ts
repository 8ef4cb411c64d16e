/** What is under way of a batch, bounded in items and bytes. */
export type Window = {
  /** Counts an item of so many bytes as under way. */
  enter(bytes: number): void;
  /** Counts it as settled. */
  leave(bytes: number): void;
  /** Resolves when another item may enter. At most one may wait. */
  whenRoom(): Promise<void>;
  /** Resolves when nothing is under way. At most one may wait. */
  whenEmpty(): Promise<void>;
};

/** Creates a window that has room while fewer than so many items and bytes are under way. */
export function createWindow({
  maxItems,
  maxBytes,
}: {
  readonly maxItems: number;
  readonly maxBytes: number;
}): Window {
  let items = 0;
  let bytes = 0;
  let waiting: { readonly isMet: () => boolean; readonly resolve: () => void } | undefined;

  async function until(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    await new Promise<void>((resolve) => {
      waiting = { isMet, resolve };
    });
  }

  return {
    enter(size) {
      items += 1;
      bytes += size;
    },
    leave(size) {
      items -= 1;
      bytes -= size;
      if (waiting?.isMet() !== true) return;
      waiting.resolve();
      waiting = undefined;
    },
    whenRoom: () => until(() => items < maxItems && bytes < maxBytes),
    whenEmpty: () => until(() => items === 0),
  };
}
