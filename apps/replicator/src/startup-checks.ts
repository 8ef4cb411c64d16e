import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { PlainError } from '@sluice/contracts/plain-error';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Logger } from '@sluice/runtime/logger';
import type { StoreConnection } from '@sluice/store/connection';
import { toWriteOptions, within } from '@sluice/store/deadline';

/** How long the primary may take to appear at the start, in ms. */
const PATIENCE_MS = 5000;
const AGAIN_MS = 250;
const PROBE_MS = 3000;

/**
 * Waits for the primary, up to 5 s.
 *
 * @throws PlainError that says what to do
 */
export async function waitForPrimary(
  primary: Pick<StoreConnection, 'ping'>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await primary.ping(PROBE_MS);
    } catch (cause) {
      if (!(cause instanceof DependencyAwayError)) throw cause;
      if (performance.now() > untilMs) {
        throw new PlainError(
          'the local MongoDB does not answer: start it, or set MONGODB_URI to where it is; it must be a replica set.',
          { cause },
        );
      }
      await pause(AGAIN_MS);
    }
  }
}

/**
 * Makes sure that the backup is another database than the primary: else each copy would be a change to copy. A backup
 * that is away is only warned of.
 *
 * @throws PlainError when both are the same
 */
export async function refuseSameDatabase(
  primary: StoreConnection,
  backup: StoreConnection,
  logger: Logger,
): Promise<void> {
  const id = `probe-${randomUUID()}`;
  const probes = ({ db }: StoreConnection) => db.collection<{ readonly _id: string }>('resume_tokens');
  await within(PROBE_MS, (signal) => probes(primary).insertOne({ _id: id }, toWriteOptions(signal)));
  try {
    const found = await within(PROBE_MS, (signal) => probes(backup).findOne({ _id: id }, { signal }));
    if (found !== null) {
      throw new PlainError(
        'MONGODB_URI and BACKUP_MONGODB_URI name the same database: give the backup a MongoDB of its own.',
      );
    }
  } catch (err) {
    if (!(err instanceof DependencyAwayError)) throw err;
    logger.warn({ err }, 'backup.away');
  } finally {
    await within(PROBE_MS, (signal) => probes(primary).deleteOne({ _id: id }, toWriteOptions(signal)));
  }
}
