import { setTimeout as delay } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { StartError } from './say.ts';
import { neverSettles, type ServerProcess } from './server-process.ts';

/** Name of the replica set. */
export const REPLICA_SET = 'rs0';

/** A member as it was started. */
export type Member = { readonly process: ServerProcess; readonly port: number };

// One machine, no network between the members: a lost primary is noticed in seconds, not in ten.
const SETTINGS = { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500 };
const PRIMARY_DEADLINE_MS = 60_000;
const POLL_MS = 50;

/**
 * Makes started members one replica set with a primary: initiates a new set, and gives a set found on disk its
 * present addresses by a forced reconfiguration (after a change of port no member would find itself in it).
 * Throws `StartError` when a member ends, or when there is no primary after 60 s.
 */
export async function settleReplicaSet(members: readonly Member[]): Promise<void> {
  await Promise.all(members.map(waitUntilListening));
  const [first] = members;
  if (first === undefined) throw new TypeError('A replica set needs a member.');
  const client = connectTo(first);
  try {
    const settled = configure(client, members).then(() => waitForPrimary(client.db('admin'), members.length));
    await Promise.all(members.map((member) => member.process.waitFor(settled)));
  } finally {
    await client.close();
  }
}

function connectTo(member: Member): MongoClient {
  return new MongoClient(`mongodb://127.0.0.1:${member.port}/?directConnection=true`, {
    serverSelectionTimeoutMS: PRIMARY_DEADLINE_MS,
  });
}

async function waitUntilListening(member: Member): Promise<void> {
  const client = connectTo(member);
  try {
    const status = client.db('admin').command({ serverStatus: 1, repl: 0, metrics: 0, locks: 0 });
    const { pid } = await member.process.waitFor(status);
    // Another server on the port would answer as well, while ours is about to end.
    if (Number(pid) !== member.process.pid) await member.process.waitFor(neverSettles());
  } finally {
    await client.close();
  }
}

async function configure(client: MongoClient, members: readonly Member[]): Promise<void> {
  const admin = client.db('admin');
  const wanted = members.map((member, _id) => ({ _id, host: `127.0.0.1:${member.port}` }));
  const found = await client.db('local').collection('system.replset').findOne({});
  if (found === null) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members: wanted, settings: SETTINGS } });
    return;
  }
  const config = { ...found, _id: REPLICA_SET, version: Number(found['version']) + 1, members: wanted };
  await admin.command({ replSetReconfig: config, force: true });
}

/** Waits until all members of a set are primary or secondary; throws `StartError` after 60 s. */
export async function waitForPrimary(admin: Db, count: number): Promise<void> {
  const deadline = performance.now() + PRIMARY_DEADLINE_MS;
  while (performance.now() < deadline) {
    const states = await readStates(admin);
    const isSettled = states.every((state) => state === 'PRIMARY' || state === 'SECONDARY');
    if (states.length === count && isSettled && states.includes('PRIMARY')) return;
    await delay(POLL_MS);
  }
  throw new StartError(`The replica set has no primary after ${PRIMARY_DEADLINE_MS / 1000} s.`);
}

/** A member that changes its state answers with an error meanwhile, which counts as "not yet". */
async function readStates(admin: Db): Promise<string[]> {
  const status = await admin.command({ replSetGetStatus: 1 }).catch(() => undefined);
  const members: unknown = status?.['members'];
  if (!Array.isArray(members)) return [];
  return members.map((member: { readonly stateStr?: unknown }) => String(member.stateStr));
}
