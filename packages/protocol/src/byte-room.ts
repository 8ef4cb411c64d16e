/*
 * Room for the events that a worker holds at once, by the bytes of their bodies: what JSON becomes in memory may be many
 * times as large. Who finds no room waits, in order; who is larger than all of it waits until it is alone.
 */

/** Room for bytes. */
export type ByteRoom = {
  /** Takes room: at once, and then returns undefined, or when those before have left. Rejects as `sendAway` says. */
  take(bytes: number): Promise<void> | undefined;
  /** Gives back what was taken. */
  give(bytes: number): void;
  /** Rejects those who wait. */
  sendAway(error: unknown): void;
};

type Waiting = {
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** Creates room for `maxBytes`. */
export function createByteRoom(maxBytes: number): ByteRoom {
  const waiting: Waiting[] = [];
  let held = 0;
  let holders = 0;

  function hasRoom(bytes: number): boolean {
    return holders === 0 || held + bytes <= maxBytes;
  }

  function enter(bytes: number): void {
    held += bytes;
    holders += 1;
  }

  return {
    take(bytes) {
      if (waiting.length === 0 && hasRoom(bytes)) {
        enter(bytes);
        return undefined;
      }
      return new Promise((resolve, reject) => waiting.push({ bytes, resolve, reject }));
    },
    give(bytes) {
      held -= bytes;
      holders -= 1;
      for (let next = waiting[0]; next !== undefined && hasRoom(next.bytes); next = waiting[0]) {
        waiting.shift();
        enter(next.bytes);
        next.resolve();
      }
    },
    sendAway(error) {
      for (const { reject } of waiting.splice(0)) reject(error);
    },
  };
}
