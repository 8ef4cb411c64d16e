import { type ChangeStream, type StreamBatch, type StreamedChange, toTokenTime } from './change-stream.ts';
import { MAX_TOLD_BYTES } from './pending-changes.ts';

/** Changes, and where they end. */
export type WholeBatch = Omit<StreamBatch, 'bytes'> & {
  /** `now` = there were no more; `between` = between two transactions; `within` = in the midst of a very large one. */
  readonly ends: 'now' | 'between' | 'within';
};

/** A stream that hands on what belongs together at once, however little was asked for. */
export type TransactionStream = Pick<ChangeStream, 'close'> & {
  next(options: Parameters<ChangeStream['next']>[0]): Promise<WholeBatch>;
};

/** Changes of one transaction that are handed on together at most: each takes some hundred bytes of memory, besides its document. */
const MAX_CHANGES = 20_000;

/** An answer has 16 MiB at most, and fewer changes than were asked for where their documents or ids are large. */
const LARGE_ANSWER = 4 * 1024 * 1024;

/** Has a stream hand on the changes of a transaction together, where there are not more than `maxChanges` of them. */
export function toWholeTransactions(stream: ChangeStream, maxChanges = MAX_CHANGES): TransactionStream {
  /** Read, and not handed on: nobody knows whether the transaction at the end of a full answer goes on. */
  let held: readonly StreamedChange[] = [];

  async function next({ limit, waitMs }: Parameters<ChangeStream['next']>[0]): Promise<WholeBatch> {
    for (;;) {
      const { changes, bytes, token } = await stream.next({ limit, waitMs: held.length > 0 ? 1 : waitMs });
      const read = [...held, ...changes];
      const last = read.at(-1);
      held = [];
      if ((changes.length < limit && bytes < LARGE_ANSWER) || last === undefined)
        return { changes: read, token, ends: 'now' };
      if (isBehind(token, last)) return { changes: read, token, ends: 'between' };
      // All changes of a transaction have its time, and no others have.
      const end = read.findIndex(({ clusterTime }) => clusterTime.equals(last.clusterTime));
      const before = read[end - 1];
      if (before === undefined && read.length >= maxChanges) return { changes: read, token, ends: 'within' };
      held = read.slice(end);
      if (countBytes(held) > MAX_TOLD_BYTES) held = held.map(withoutDocument);
      if (before !== undefined)
        return { changes: read.slice(0, end), token: before._id._data, ends: 'between' };
    }
  }

  return { next, close: stream.close };
}

function countBytes(changes: readonly StreamedChange[]): number {
  return changes.reduce((sum, { fullDocument }) => sum + (fullDocument?.byteLength ?? 0), 0);
}

function withoutDocument({ fullDocument: _, ...change }: StreamedChange): StreamedChange {
  return change;
}

function isBehind(token: string, { clusterTime }: StreamedChange): boolean {
  return toTokenTime(token)?.greaterThan(clusterTime) ?? false;
}
