/**
 * The connection to MongoDB of one process.
 *
 *  1. `connectStore` returns at once, whether MongoDB is there or not.
 *  2. A loop connects, again and again until it succeeds once; operations meanwhile fail with DependencyAwayError.
 *  3. From then on the driver's own monitoring finds the primary again after every trouble.
 *  4. `close` ends the loop and the client, and gives up waiting for a silent server after a moment.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Db, type Document, MongoClient } from 'mongodb';
import { within } from './deadline.ts';

/** How to reach MongoDB. */
export type StoreOptions = {
  /** The database is the one named in its path; `sluice` when it names none. */
  readonly uri: string;
  /** The name under which MongoDB's logs and `currentOp` show this process. */
  readonly appName: string;
  /** How long an operation waits for a primary; 2 s by default. */
  readonly serverSelectionTimeoutMs?: number;
  /** The deadline of operations that name none of their own; 2 s by default. */
  readonly operationTimeoutMs?: number;
  /** How long a connection may be silent while an answer is waited for; 30 s by default. */
  readonly socketTimeoutMs?: number;
  /** Connections to each server; 20 by default. */
  readonly maxPoolSize?: number;
};

/** A connection as this package passes it on; apps hand it to `createX` and call `ping` and `close`. */
export type StoreConnection = {
  readonly client: MongoClient;
  readonly db: Db;
  readonly operationTimeoutMs: number;
  /**
   * Asks the primary for a sign of life.
   *
   * @throws DependencyAwayError after `timeoutMs` (default: the operation timeout)
   */
  ping(timeoutMs?: number): Promise<void>;
  /** Closes every connection; resolves after at most `timeoutMs` (2 s), also when MongoDB is silent. */
  close(timeoutMs?: number): Promise<void>;
};

/** How long to wait between attempts to connect for the first time. */
const RECONNECT_MS = 250;
const HEARTBEAT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Frees connections whose caller gave up long ago; longer than every deadline. */
const SOCKET_TIMEOUT_MS = 30_000;
const DEFAULT_DATABASE = 'sluice';

/**
 * Connects to MongoDB, now or as soon as it is there. Writes are acknowledged by a journaled majority and reads go to
 * the primary, whatever the URI asks for.
 *
 * @throws Error (MongoParseError) when the URI is malformed
 */
export function connectStore(options: StoreOptions): StoreConnection {
  const {
    uri,
    appName,
    serverSelectionTimeoutMs = 2_000,
    operationTimeoutMs = 2_000,
    socketTimeoutMs = SOCKET_TIMEOUT_MS,
    maxPoolSize = 20,
  } = options;
  const dbName = toDatabaseName(uri);
  const client = new MongoClient(uri, {
    appName,
    maxPoolSize,
    serverSelectionTimeoutMS: serverSelectionTimeoutMs,
    waitQueueTimeoutMS: operationTimeoutMs,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    socketTimeoutMS: socketTimeoutMs,
    heartbeatFrequencyMS: HEARTBEAT_MS,
    // A `journal` of the URI wins over ours, but not over `j`; its `readPreference` wins where none is named.
    writeConcern: { w: 'majority', journal: true, j: true },
    readPreference: 'primary',
    retryWrites: true,
    retryReads: true,
    ignoreUndefined: true,
    // The driver looks names up in this; in a plain object it would find `toString` and return such arrays unread.
    fieldsAsRaw: Object.create(null) as Document,
  });
  const closing = new AbortController();
  const connecting = connectUntilDone(client, closing.signal);
  // Named here and not as an option of the client, which would also look for the user in this database.
  const db = client.db(dbName);

  async function ping(timeoutMs = operationTimeoutMs): Promise<void> {
    await within(timeoutMs, (signal) => db.command({ ping: 1 }, { signal }));
  }

  async function close(timeoutMs = 2_000): Promise<void> {
    closing.abort();
    const patience = new AbortController();
    const closed = client.close().finally(() => patience.abort());
    // The timer is all that ends this race when MongoDB is frozen: the driver says goodbye to it without a limit.
    await Promise.race([closed, pause(timeoutMs, undefined, { signal: patience.signal, ref: false })]).catch(
      (error: unknown) => {
        if (!patience.signal.aborted) throw error;
      },
    );
    await connecting;
  }

  return { client, db, operationTimeoutMs, ping, close };
}

/** Never rejects: what is wrong shows in the operations themselves, and in `ping`. */
async function connectUntilDone(client: MongoClient, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    try {
      await client.connect();
      return;
    } catch {
      await pause(RECONNECT_MS, undefined, { signal: closing }).catch(() => undefined);
    }
  }
}

/** Reads the database's name from the path of a connection string, which may list several hosts. */
function toDatabaseName(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]*)/.exec(uri)?.[1] ?? '';
  return path === '' ? DEFAULT_DATABASE : decodeURIComponent(path);
}
