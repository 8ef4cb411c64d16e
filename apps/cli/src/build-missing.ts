import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { maskUrlPasswords } from '@sluice/runtime/mask';
import { connectStore } from '@sluice/store/connection';
import { migrate } from '@sluice/store/migrate';
import { CliError, toMessage } from './cli-error.ts';
import { readMissing } from './doctor/missing-indexes.ts';
import { waitForMongo } from './doctor/wait-for-mongo.ts';
import { EXIT } from './exit-codes.ts';

/** What was built, by name. */
export type Built = { readonly database: string; readonly built: readonly string[] };

const OPERATION_MS = 10_000;

/** Server codes IndexOptionsConflict and IndexKeySpecsConflict. */
const CONFLICTS: readonly unknown[] = [85, 86];

/** How long to be patient. */
type BuildOptions = {
  /** With MongoDB, until it answers. */
  readonly waitMs: number;
  /** With the builds of indexes. */
  readonly timeoutMs: number;
  /** Ends everything at once; a build that MongoDB has begun goes on there. */
  readonly signal: AbortSignal;
  /** Called once, when MongoDB does not answer at once. */
  readonly onWait: () => void;
};

/**
 * Builds the collections and indexes that are missing in a database, and tells which those were.
 *
 * @throws CliError when MongoDB does not answer in time, goes away, or refuses; the reason of `signal`
 */
export async function buildMissing(uri: string, options: BuildOptions): Promise<Built> {
  const { waitMs, timeoutMs, signal, onWait } = options;
  const store = connectStore({ uri, appName: 'sluice-migrate', operationTimeoutMs: OPERATION_MS });
  try {
    await waitForMongo(store, { timeoutMs: waitMs, signal, onWait }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw toAway(error, uri);
    });
    const missing = await readMissing(store);
    await untilAborted(migrate(store, timeoutMs), signal);
    const built = missing.map(({ collection, index }) =>
      index === null ? collection : `${collection} ${index}`,
    );
    return { database: store.db.databaseName, built };
  } catch (error) {
    if (error instanceof DependencyAwayError) throw toAway(error, uri);
    if (!(error instanceof Error) || error.name !== 'MongoServerError') throw error;
    const isConflict = 'code' in error && CONFLICTS.includes(error.code);
    const mend = isConflict
      ? 'Drop that index first; it is built anew.'
      : 'May the user of MONGODB_URI build indexes?';
    throw new CliError(EXIT.conflict, `MongoDB refused: ${toMessage(error)} ${mend}`, { cause: error });
  } finally {
    await store.close();
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function toAway(cause: unknown, uri: string): CliError {
  const reason = toMessage(cause).replace(/\.$/, '');
  return new CliError(
    EXIT.unreachable,
    `${reason}. Start MongoDB at ${maskUrlPasswords(uri)}, or set MONGODB_URI to its address (npm start prints it); --wait waits longer.`,
    { cause },
  );
}
