import { DependencyAwayError } from '@sluice/contracts/unavailable';
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

/**
 * Builds the collections and indexes that are missing in a database, and tells which those were.
 *
 * @throws CliError when MongoDB is away for longer than `timeoutMs`, or refuses
 */
export async function buildMissing(uri: string, timeoutMs: number): Promise<Built> {
  const store = connectStore({ uri, appName: 'sluice-migrate', operationTimeoutMs: OPERATION_MS });
  try {
    await waitForMongo(store, timeoutMs).catch((error: unknown) => {
      throw toAway(error);
    });
    const missing = await readMissing(store);
    await migrate(store, timeoutMs);
    const built = missing.map(({ collection, index }) =>
      index === null ? collection : `${collection} ${index}`,
    );
    return { database: store.db.databaseName, built };
  } catch (error) {
    if (error instanceof DependencyAwayError) throw toAway(error);
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

function toAway(cause: unknown): CliError {
  const reason = toMessage(cause).replace(/\.$/, '');
  return new CliError(EXIT.unreachable, `${reason}: check MONGODB_URI; sluice doctor says more.`, { cause });
}
