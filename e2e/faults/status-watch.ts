import { setTimeout as pause } from 'node:timers/promises';
import type { RawEventDocument } from '@sluice/contracts/event';
import { STATUS_EDGES, STORED_STATUSES, type StoredStatus } from '@sluice/contracts/status';
import type { ChangeStreamDocument, Db, ResumeToken } from 'mongodb';
import { type Print, toIdPrint } from './print.ts';

/** Follows the status of every raw event through MongoDB's change stream, and notes steps that no edge allows. */
export type StatusWatch = {
  /** The status that was last seen of an event. */
  readonly statusOf: (id: Print) => StoredStatus | undefined;
  readonly illegal: () => readonly string[];
  readonly stop: () => Promise<void>;
};

const REOPEN_MS = 500;
const WAIT_MS = 500;
const MAX_KEPT = 100;
const PIPELINE = [
  {
    $project: {
      operationType: 1,
      documentKey: 1,
      'updateDescription.updatedFields.status': 1,
      'fullDocument.status': 1,
    },
  },
];

/** Begins to watch; resolves once no later change can be missed. Faults interrupt it, and it resumes. */
export async function watchStatuses(db: Db): Promise<StatusWatch> {
  const seen = new Map<Print, number>();
  const illegal: string[] = [];
  const closing = new AbortController();
  const { operationTime } = await db.command({ hello: 1 });
  let token: ResumeToken | undefined;
  const following = follow();

  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await followOnce();
      } catch (error) {
        if (isLost(error)) {
          complain(`the change stream cannot be resumed: ${String(error)}`);
          return;
        }
        await pause(REOPEN_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  async function followOnce(): Promise<void> {
    const from = token === undefined ? { startAtOperationTime: operationTime } : { resumeAfter: token };
    const stream = db
      .collection<RawEventDocument>('raw_events')
      .watch(PIPELINE, { ...from, maxAwaitTimeMS: WAIT_MS });
    try {
      while (!closing.signal.aborted) {
        const change = await stream.tryNext();
        if (change === null) continue;
        note(change);
        token = change._id;
      }
    } finally {
      await stream.close().catch(() => undefined);
    }
  }

  function note(change: ChangeStreamDocument<RawEventDocument>): void {
    if (change.operationType === 'delete') complain(`${change.documentKey._id} was deleted`);
    if (
      change.operationType !== 'insert' &&
      change.operationType !== 'update' &&
      change.operationType !== 'replace'
    ) {
      return;
    }
    const id = change.documentKey._id;
    const print = toIdPrint(id);
    const before = STORED_STATUSES[seen.get(print) ?? -1];
    const after =
      change.operationType === 'update'
        ? change.updateDescription.updatedFields?.status
        : change.fullDocument.status;
    if (after === undefined) return;
    if (before !== undefined && !STATUS_EDGES[before].includes(after)) {
      complain(`${id} went from ${before} to ${after}`);
    }
    seen.set(print, STORED_STATUSES.indexOf(after));
  }

  function complain(what: string): void {
    if (illegal.length < MAX_KEPT) illegal.push(what);
  }

  return {
    statusOf: (id) => STORED_STATUSES[seen.get(id) ?? -1],
    illegal: () => illegal,
    stop: async () => {
      closing.abort();
      await following;
    },
  };
}

/** ChangeStreamHistoryLost, ChangeStreamFatalError, InvalidResumeToken. */
function isLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && [286, 280, 260].includes(Number(error.code));
}
