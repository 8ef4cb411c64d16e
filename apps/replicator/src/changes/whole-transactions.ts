import { MAX_TOLD_BYTES } from '../pending-changes.ts';
import { type Change, type ChangeBatch, type ChangeSource, MAX_TOGETHER } from './change.ts';
import type { ChangeStream } from './change-stream.ts';
import { toStartTime } from './cluster-time.ts';
import { LARGE_ANSWER } from './command-cursor.ts';

/** Has a stream hand on the changes of a transaction together, where there are not more than `maxChanges` of them. */
export function toWholeTransactions(stream: ChangeStream, maxChanges = MAX_TOGETHER): ChangeSource {
  /** Read, and not handed on: nobody knows whether the transaction at the end of a full answer goes on. */
  let held: readonly Change[] = [];

  async function next({ limit, waitMs }: Parameters<ChangeStream['next']>[0]): Promise<ChangeBatch> {
    for (;;) {
      // As many again as there are, so that what follows is read in few questions, however small the limit.
      const more = Math.min(held.length, maxChanges - held.length);
      const asked = Math.max(limit, more);
      const { changes, bytes, to } = await stream.next({
        limit: asked,
        waitMs: held.length > 0 ? 1 : waitMs,
      });
      const read = [...held, ...changes];
      const last = read.at(-1);
      held = [];
      if ((changes.length < asked && bytes < LARGE_ANSWER) || last === undefined)
        return { changes: read, to, ends: 'now' };
      if (toStartTime(to)?.greaterThan(last.at)) return { changes: read, to, ends: 'between' };
      const end = read.findIndex(({ at }) => at.equals(last.at));
      const before = read[end - 1];
      if (before === undefined && read.length >= maxChanges) return { changes: read, to, ends: 'within' };
      held = read.slice(end);
      if (countBytes(held) > MAX_TOLD_BYTES) held = held.map(withoutDocument);
      if (before !== undefined) return { changes: read.slice(0, end), to: before.behind, ends: 'between' };
    }
  }

  return { next, close: stream.close };
}

function countBytes(changes: readonly Change[]): number {
  return changes.reduce((sum, { told }) => sum + (told?.byteLength ?? 0), 0);
}

/** What it is has to be looked for then. */
function withoutDocument({ told: _, ...change }: Change): Change {
  return change;
}
