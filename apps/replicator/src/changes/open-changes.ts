/**
 * Where the changes of the primary are read:
 *
 *  1. From the oplog, which costs the primary least, wherever that can be read and is understood.
 *  2. Else from a change stream, which MongoDB explains: behind the first entry that is not understood, on a sharded cluster, for
 *     a user without the right to read `local`. After a while, and between two transactions, the oplog is tried again.
 *  3. A position that was kept by a change stream may be in the midst of a transaction: such a stream goes on from there first.
 */
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import type { Timestamp } from 'mongodb';
import type { ChangeBatch, ChangeSource, ChangesWanted } from './change.ts';
import { openChangeStream } from './change-stream.ts';
import { toStartTime } from './cluster-time.ts';
import { OplogNotReadError, openOplog } from './oplog.ts';
import { toWholeTransactions } from './whole-transactions.ts';

/** Where changes come from, and why not from the oplog. */
export type ReadFrom = { readonly source: 'oplog' | 'change-stream'; readonly reason?: string };

export type OpenChangesOptions = ChangesWanted & {
  /** Whether the oplog may be read. */
  readonly readsOplog: boolean;
  /** Is told where they are read, at first and whenever that changes. */
  readonly onSource?: (from: ReadFrom) => void;
  /** How long a change stream is read before the oplog is tried again, in ms; a minute by default. */
  readonly againMs?: number;
};

const AGAIN_MS = 60_000;

/**
 * Opens the changes of a database behind a position.
 *
 * @throws DependencyAwayError, PositionLostError
 */
export async function openChanges(
  primary: StoreConnection,
  { start, readsOplog, onSource = () => undefined, againMs = AGAIN_MS, ...wanted }: OpenChangesOptions,
): Promise<ChangeSource> {
  let to = start;
  let isOplog = false;
  /** Whether everything up to the time of `to` was handed on, which a position that a stream has kept does not say. */
  let isBetween = 'at' in start;
  /** When the oplog is tried, between two transactions. */
  let tryMs = 0;
  let broken: { readonly error: unknown } | null = null;
  let source = ('at' in start ? await tryOplog(start.at) : null) ?? (await openStream());

  async function openStream(): Promise<ChangeSource> {
    isOplog = false;
    return toWholeTransactions(await openChangeStream(primary, { ...wanted, start: to }));
  }

  async function tryOplog(at: Timestamp): Promise<ChangeSource | null> {
    if (!readsOplog) return null;
    try {
      const opened = await openOplog(primary, { ...wanted, start: { at } });
      isOplog = true;
      onSource({ source: 'oplog' });
      return opened;
    } catch (error) {
      // Where the primary is away the stream does not open either.
      if (!(error instanceof OplogNotReadError || error instanceof DependencyAwayError)) throw error;
      noteNotRead(error);
      return null;
    }
  }

  function noteNotRead(error: OplogNotReadError | DependencyAwayError): void {
    tryMs = performance.now() + againMs;
    onSource({ source: 'change-stream', reason: error.message });
  }

  async function read(options: Parameters<ChangeSource['next']>[0]): Promise<ChangeBatch> {
    const batch = await source.next(options);
    to = batch.to;
    isBetween = batch.ends !== 'within';
    return batch;
  }

  async function readAnywhere(options: Parameters<ChangeSource['next']>[0]): Promise<ChangeBatch> {
    const at = toStartTime(to);
    if (!isOplog && isBetween && at !== null && performance.now() >= tryMs) {
      const opened = await tryOplog(at);
      if (opened !== null) {
        await source.close();
        source = opened;
      }
    }
    try {
      return await read(options);
    } catch (error) {
      if (!(error instanceof OplogNotReadError)) throw error;
      noteNotRead(error);
      await source.close();
      source = await openStream();
      return await read(options);
    }
  }

  return {
    async next(options) {
      if (broken !== null) throw broken.error;
      try {
        return await readAnywhere(options);
      } catch (error) {
        broken = { error };
        throw error;
      }
    },
    close: () => source.close(),
  };
}
