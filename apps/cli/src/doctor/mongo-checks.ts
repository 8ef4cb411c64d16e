import { isLoopback } from '@sluice/runtime/loopback';
import { maskUrlPasswords } from '@sluice/runtime/mask';
import { connectStore, type StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import { z } from 'zod';
import type { StoreAddress } from '../store-address.ts';
import { type Check, type Finding, fail, ok, runCheck, warn } from './check.ts';
import { judgeClock } from './clock.ts';
import { readMissing } from './missing-indexes.ts';
import { waitForMongo } from './wait-for-mongo.ts';

const REACH_MS = 4000;
const OLDEST_MAJOR = 6;
const SHOWN_MISSING = 5;

const helloSchema = z.looseObject({
  setName: z.string().optional(),
  msg: z.string().optional(),
  hosts: z.array(z.string()).optional(),
  localTime: z.date(),
});

const statusSchema = z.looseObject({
  writeMajorityCount: z.number(),
  members: z.array(z.looseObject({ health: z.number(), stateStr: z.string() })),
});

/** Checks a MongoDB, and gives the connection to `more` for checks of what is stored there. */
export async function checkMongo(
  { url: uri, from }: StoreAddress,
  more: (store: StoreConnection) => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  const mend = 'Start MongoDB as a replica set, or set MONGODB_URI to its address; npm start prints it.';
  let store: StoreConnection;
  try {
    store = connectStore({ uri, appName: 'sluice-doctor', operationTimeoutMs: REACH_MS });
  } catch (error) {
    return [await runCheck('mongodb', mend, () => Promise.reject(error))];
  }
  try {
    const reached = await runCheck('mongodb', mend, async () => {
      await waitForMongo(store, { timeoutMs: REACH_MS });
      return ok(`${maskUrlPasswords(uri)} answers${from}.`);
    });
    if (reached.status !== 'ok') return [reached];
    return [
      reached,
      await runCheck('mongodb version', mend, () => readVersion(store)),
      await runCheck('replica set', mend, () => readReplicaSet(store)),
      await runCheck('mongodb clock', mend, () => readClock(store)),
      await runCheck('indexes', 'Run sluice migrate.', () => readIndexes(store)),
      ...(await more(store)),
    ];
  } finally {
    await store.close();
  }
}

async function readVersion({ db }: StoreConnection): Promise<Finding> {
  const { version } = z.looseObject({ version: z.string() }).parse(await command(db, { buildInfo: 1 }));
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return ok(`MongoDB ${version}.`);
  return fail(`MongoDB ${version} is too old.`, `Install MongoDB ${OLDEST_MAJOR} or newer.`);
}

async function readReplicaSet(store: StoreConnection): Promise<Finding> {
  const { setName, hosts = [], msg } = helloSchema.parse(await command(store.db, { hello: 1 }));
  // A router of a sharded cluster; its shards are replica sets.
  if (msg === 'isdbgrid') return ok('A sharded cluster.');
  if (setName === undefined) {
    return fail(
      'MongoDB is no replica set: there are no transactions and no change streams.',
      'Start mongod with --replSet rs0 and run rs.initiate() once.',
    );
  }
  const majority = await readMajority(store);
  if (majority !== undefined && majority.healthy < majority.needed) {
    return fail(
      `Of the replica set ${setName} only ${majority.healthy} members are up, and a majority is ${majority.needed}: nothing can be stored.`,
      'Bring the other members back.',
    );
  }
  const count = `${hosts.length} ${hosts.length === 1 ? 'member' : 'members'}`;
  const isLocal = hosts.every((host) => isLoopback(host.replace(/:\d+$/, '')));
  if (hosts.length > 1 || isLocal) return ok(`Replica set ${setName}, ${count}, with a majority.`);
  return warn(
    `Replica set ${setName} has one member: while it is down, nothing is processed.`,
    'Add two members, so that another takes over.',
  );
}

/** Reading it needs the role clusterMonitor; without it nothing is known. */
async function readMajority({ client }: StoreConnection) {
  try {
    const status = statusSchema.parse(await command(client.db('admin'), { replSetGetStatus: 1 }));
    const isUp = (state: string): boolean => state === 'PRIMARY' || state === 'SECONDARY';
    const healthy = status.members.filter(({ health, stateStr }) => health === 1 && isUp(stateStr)).length;
    return { healthy, needed: status.writeMajorityCount };
  } catch {
    return undefined;
  }
}

async function readClock({ db }: StoreConnection): Promise<Finding> {
  const askedAt = Date.now();
  const { localTime } = helloSchema.parse(await command(db, { hello: 1 }));
  return judgeClock('MongoDB', localTime.getTime(), { askedAt, answeredAt: Date.now() });
}

async function readIndexes(store: StoreConnection): Promise<Finding> {
  const missing = await readMissing(store);
  if (missing.length === 0) return ok('Every collection and every index is there.');
  const names = missing.map(({ collection, index }) =>
    index === null ? collection : `${collection} ${index}`,
  );
  const shown = names.slice(0, SHOWN_MISSING).join(', ');
  const more = names.length > SHOWN_MISSING ? ` and ${names.length - SHOWN_MISSING} more` : '';
  const isUnsafe = missing.some(({ unique }) => unique);
  const why = isUnsafe
    ? ' Without the unique ones duplicates could be stored, so the workers do not start.'
    : '';
  return fail(`Missing: ${shown}${more}.${why}`, 'Run sluice migrate.');
}

function command(db: StoreConnection['db'], document: Record<string, unknown>): Promise<unknown> {
  return within(REACH_MS, (signal) => db.command(document, { signal }));
}
