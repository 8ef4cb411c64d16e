import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { Timestamp } from 'mongodb';
import type { StreamStart } from '../position.ts';

/** Reads the time of the primary's cluster after which nothing has happened yet. @throws DependencyAwayError */
export async function readClusterTime({ db, operationTimeoutMs }: StoreConnection): Promise<Timestamp> {
  const { operationTime } = await within(operationTimeoutMs, (signal) => db.command({ ping: 1 }, { signal }));
  if (!(operationTime instanceof Timestamp)) {
    throw new DependencyAwayError('mongodb', 'MongoDB tells no time: it is not a replica set.');
  }
  return operationTime;
}

/**
 * Returns the time up to which everything has been seen, unless a token is in the midst of a transaction; null when its token does
 * not tell.
 */
export function toStartTime(start: StreamStart): Timestamp | null {
  return 'at' in start ? start.at : toTokenTime(start.after);
}

/**
 * Tokens begin with their time (type 0x82 of MongoDB's key strings, then seconds and count in big-endian order):
 * src/mongo/db/pipeline/resume_token.h.
 */
function toTokenTime(token: string): Timestamp | null {
  const [, seconds, count] = /^82([0-9a-f]{8})([0-9a-f]{8})/i.exec(token) ?? [];
  if (seconds === undefined || count === undefined) return null;
  return new Timestamp({ t: Number.parseInt(seconds, 16), i: Number.parseInt(count, 16) });
}
