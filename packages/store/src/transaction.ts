import { setTimeout as pause } from 'node:timers/promises';
import type { CommitResult } from '@sluice/contracts/bulk';
import { type ClientSession, MongoError, type Timestamp } from 'mongodb';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { isConflict } from './store-error.ts';

/** What every operation of a transaction is given as its options. */
export type InTransaction = { readonly session: ClientSession; readonly signal: AbortSignal };

/** `operationTime` is the server's time at the end, to which a later read can wait to catch up. */
export type Transacted = {
  readonly result: CommitResult;
  readonly operationTime: Timestamp | undefined;
};

/** Between attempts to learn whether a commit was done. */
const COMMIT_AGAIN_MS = 50;

/**
 * Runs writes in one transaction, once: acknowledged by a journaled majority, or nothing of it. The work returns
 * `conflict` to have everything undone. Whatever another writer did first is a conflict too. The driver's
 * `withTransaction` is not used because it goes on for 120 s. A session of one's `own` is not ended here; after an error
 * it may still be in use.
 *
 * @throws DependencyAwayError when MongoDB is away or `timeoutMs` are over; the outcome may be unknown
 */
export function transact(
  { client }: StoreConnection,
  timeoutMs: number,
  work: (options: InTransaction) => Promise<CommitResult>,
  own?: ClientSession,
): Promise<Transacted> {
  return within(timeoutMs, async (signal) => {
    const session = own ?? client.startSession({ causalConsistency: false });
    try {
      session.startTransaction({
        // The newest state there is, isolated as a snapshot is. `snapshot` would be older than what plain reads show as
        // long as any older write, of whomever, is under way (TransactionParticipant::_setReadSnapshot of MongoDB).
        // What was read is majority-committed once the commit is.
        readConcern: { level: 'majority' },
        writeConcern: { w: 'majority', journal: true, wtimeoutMS: timeoutMs },
        readPreference: 'primary',
        maxCommitTimeMS: timeoutMs,
      });
      const result = await attempt(session, signal, work);
      return { result, operationTime: session.operationTime };
    } finally {
      // Undoes what is open, so that other writers need not wait for the server to give it up after a minute. When
      // the deadline has passed the caller is gone already, and this goes on until the server answers again.
      if (own === undefined) await session.endSession();
      else if (session.inTransaction()) await session.abortTransaction();
    }
  });
}

/**
 * Runs writes in a transaction, again as long as another writer was first, and returns what the work returned; null when
 * none of the `attempts` was committed. The first pause is at most `pauseMs` long, 0 by default, and the longest 32 times that.
 *
 * @throws DependencyAwayError as `transact` does
 */
export async function untilCommitted<Outcome extends string | object>(
  connection: StoreConnection,
  {
    timeoutMs,
    attempts,
    pauseMs = 0,
  }: { readonly timeoutMs: number; readonly attempts: number; readonly pauseMs?: number },
  work: (options: InTransaction) => Promise<Outcome>,
): Promise<Outcome | null> {
  for (let count = 0; count < attempts; count += 1) {
    let outcome: Outcome | undefined;
    const { result } = await transact(connection, timeoutMs, async (options) => {
      outcome = await work(options);
      return 'committed';
    });
    if (result === 'committed' && outcome !== undefined) return outcome;
    // At random, so that those who were in each other's way are not so again.
    if (pauseMs > 0) await pause(Math.random() * pauseMs * 2 ** Math.min(count, 5));
  }
  return null;
}

async function attempt(
  session: ClientSession,
  signal: AbortSignal,
  work: (options: InTransaction) => Promise<CommitResult>,
): Promise<CommitResult> {
  try {
    if ((await work({ session, signal })) === 'conflict') return 'conflict';
    signal.throwIfAborted();
    await commit(session, signal);
    return 'committed';
  } catch (error) {
    if (isConflict(error)) return 'conflict';
    throw error;
  }
}

/** Asks again as long as it is unknown whether the commit was done; asking is idempotent. */
async function commit(session: ClientSession, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      const isUnknown = error instanceof MongoError && error.hasErrorLabel('UnknownTransactionCommitResult');
      if (!isUnknown || signal.aborted) throw error;
      await pause(COMMIT_AGAIN_MS, undefined, { signal });
    }
  }
}
