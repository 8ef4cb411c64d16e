/**
 * Leases: something that only one process may do at a time.
 *
 *  1. `acquire` takes a lease that is free or has run out, and gives it the next fence.
 *  2. The holder renews it well before `ttlMs` are over, counted from before it asked.
 *  3. It hands the fence to whatever it writes to, so that a holder who slept through its lease is refused there.
 *  4. `release` frees it at once; a holder that dies frees it by silence. `retire` lets nobody have it for a while, but
 *     whoever brings another mark.
 *
 * Only MongoDB's clock is asked, so that clocks that differ between processes do no harm. Where it was set back, whoever
 * asks for a lease has it run out no later than it was given for, counted from then.
 */
import { randomUUID } from 'node:crypto';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { isDuplicateKey } from './store-error.ts';

/** A lease that is held. */
export type Lease = {
  readonly name: string;
  readonly holder: string;
  /** Higher than that of every earlier holder. */
  readonly fence: number;
};

/** Who may do what. */
export type Leases = {
  /**
   * Takes a lease for `ttlMs`; null while another holds it, or this holder itself already does. With a `mark`, one that
   * was retired under another mark is free.
   *
   * @throws DependencyAwayError
   */
  acquire(name: string, holder: string, ttlMs: number, mark?: string): Promise<Lease | null>;
  /**
   * Prolongs a lease to `ttlMs` from now; false when another has taken it over since.
   *
   * @throws DependencyAwayError
   */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  /**
   * Frees a lease; does nothing when another has taken it over since.
   *
   * @throws DependencyAwayError
   */
  release(lease: Lease): Promise<void>;
  /**
   * Lets go of a lease, which nobody gets for `forMs` but with another mark; does nothing when another has taken it over
   * since.
   *
   * @throws DependencyAwayError
   */
  retire(lease: Lease, forMs: number, mark: string): Promise<void>;
  /**
   * Returns for how long nobody gets a lease because it was retired under this mark, in ms; 0 while it is held or free.
   *
   * @throws DependencyAwayError
   */
  readRetiredMs(name: string, mark: string): Promise<number>;
};

type Asked = {
  readonly name: string;
  readonly holder: string;
  readonly ttlMs: number;
  readonly mark: string | undefined;
};

/** Creates the leases; `timeoutMs` is the connection's operation timeout by default. */
export function createLeases(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Leases {
  const collection = toCollection(connection, 'leases');

  function acquire(name: string, holder: string, ttlMs: number, mark?: string): Promise<Lease | null> {
    const asked = { name, holder, ttlMs, mark };
    return within(timeoutMs, async (signal) => {
      try {
        return await take(asked, signal);
      } catch (error) {
        // Two first holders raced to insert the document: the second finds it taken now.
        if (isDuplicateKey(error)) return take(asked, signal);
        throw error;
      }
    });
  }

  /** `grant` tells this attempt from every other, also of the same holder, in one round trip. */
  async function take({ name, holder, ttlMs, mark }: Asked, signal: AbortSignal): Promise<Lease | null> {
    const grant = randomUUID();
    const isOver = { $lte: [{ $ifNull: ['$expiresAt', new Date(0)] }, '$$NOW'] };
    // Retired and not held: a holder of an older build leaves the mark of an earlier one where it is.
    const isRetired = { $and: [{ $eq: ['$holder', null] }, { $ne: ['$retiredBy', { $literal: mark }] }] };
    const isFree = mark === undefined ? isOver : { $or: [isOver, isRetired] };
    const ifFree = (value: unknown, otherwise: unknown) => ({ $cond: [isFree, value, otherwise] });
    const noLaterThanGiven = { $min: ['$expiresAt', { $add: ['$$NOW', '$ttlMs'] }] };
    const found = await collection.findOneAndUpdate(
      { _id: name },
      [
        {
          $set: {
            holder: ifFree({ $literal: holder }, '$holder'),
            grant: ifFree(grant, '$grant'),
            fence: ifFree({ $add: [{ $ifNull: ['$fence', 0] }, 1] }, '$fence'),
            expiresAt: ifFree({ $add: ['$$NOW', ttlMs] }, noLaterThanGiven),
            ttlMs: ifFree(ttlMs, '$ttlMs'),
          },
        },
      ],
      { upsert: true, returnDocument: 'after', ...toWriteOptions(signal) },
    );
    return found?.grant === grant ? { name, holder, fence: found.fence } : null;
  }

  async function renew({ name, fence }: Lease, ttlMs: number): Promise<boolean> {
    const { matchedCount } = await within(timeoutMs, (signal) =>
      collection.updateOne(
        { _id: name, fence, holder: { $ne: null } },
        [{ $set: { expiresAt: { $add: ['$$NOW', ttlMs] }, ttlMs } }],
        toWriteOptions(signal),
      ),
    );
    return matchedCount === 1;
  }

  async function release({ name, fence }: Lease): Promise<void> {
    await within(timeoutMs, (signal) =>
      collection.updateOne(
        { _id: name, fence },
        { $set: { holder: null, expiresAt: new Date(0) } },
        toWriteOptions(signal),
      ),
    );
  }

  async function retire({ name, fence }: Lease, forMs: number, mark: string): Promise<void> {
    await within(timeoutMs, (signal) =>
      collection.updateOne(
        { _id: name, fence },
        [
          {
            $set: {
              holder: null,
              retiredBy: { $literal: mark },
              expiresAt: { $add: ['$$NOW', forMs] },
              ttlMs: forMs,
            },
          },
        ],
        toWriteOptions(signal),
      ),
    );
  }

  async function readRetiredMs(name: string, mark: string): Promise<number> {
    const leftMs = { $subtract: ['$expiresAt', '$$NOW'] };
    const found = await within(timeoutMs, (signal) =>
      collection.findOne<{ readonly leftMs: number }>(
        { _id: name, holder: null, retiredBy: mark },
        { signal, maxTimeMS: timeoutMs, projection: { leftMs } },
      ),
    );
    return Math.max(0, found?.leftMs ?? 0);
  }

  return { acquire, renew, release, retire, readRetiredMs };
}
