/*
 * Whether the backup is ever half of a transaction: amounts move between documents of the primary, one transaction each,
 * and their sum on the backup never changes while its position says that it is what the primary was at one time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@sluice/local/random';
import { type MongoClient, MongoError, type Timestamp } from 'mongodb';

type Account = { readonly _id: number; readonly has: number };

type Position = {
  readonly _id: string;
  readonly appliedTo: Timestamp | null;
  readonly readTo: Timestamp | null;
};

/** Somebody who looks at the backup again and again. */
export type SumsWatch = {
  /** How often it said so far that it is one state. */
  readonly looks: () => number;
  /** Ends with the signal; what was wrong then. */
  readonly broken: Promise<readonly string[]>;
};

const ACCOUNTS = 50;
const EACH_HAS = 100;
const REST_MS = 20;

/** Moves amounts until the signal is aborted. */
export async function transfer(client: MongoClient, random: Random, signal: AbortSignal): Promise<void> {
  const accounts = client.db().collection<Account>('accounts');
  await accounts.insertMany(Array.from({ length: ACCOUNTS }, (_, _id) => ({ _id, has: EACH_HAS })));
  while (!signal.aborted) {
    const from = random.whole(0, ACCOUNTS - 1);
    const to = (from + random.whole(1, ACCOUNTS - 1)) % ACCOUNTS;
    await client.withSession((session) =>
      session.withTransaction(async () => {
        await accounts.updateOne({ _id: from }, { $inc: { has: -1 } }, { session });
        await accounts.updateOne({ _id: to }, { $inc: { has: 1 } }, { session });
      }),
    );
    await pause(random.whole(1, REST_MS), undefined, { signal }).catch(() => undefined);
  }
}

/** Looks at the backup until the signal is aborted; `client` is connected, because one that failed to connect at first stays so. */
export function watchSums(client: MongoClient, signal: AbortSignal): SumsWatch {
  let looks = 0;

  async function watch(): Promise<readonly string[]> {
    const broken = new Set<string>();
    while (!signal.aborted) {
      try {
        const sum = await readSum(client);
        if (sum !== null) looks += 1;
        if (sum !== null && sum !== ACCOUNTS * EACH_HAS)
          broken.add(`The accounts on the backup have ${sum}.`);
      } catch (error) {
        // It is being harmed.
        if (!(error instanceof MongoError)) throw error;
      }
      await pause(REST_MS, undefined, { signal }).catch(() => undefined);
    }
    return [...broken];
  }

  return { looks: () => looks, broken: watch() };
}

/** Returns what all accounts have; null where a full sync has not brought all of them yet, or the backup says that it is a mixture. */
async function readSum(client: MongoClient): Promise<number | null> {
  await using session = client.startSession({ snapshot: true });
  const positions = client.db().collection<Position>('resume_tokens');
  const position = await positions.findOne({ _id: 'position' }, { session });
  if (!position?.readTo || !position.appliedTo?.greaterThanOrEqual(position.readTo)) return null;
  const found = await client.db().collection<Account>('accounts').find({}, { session }).toArray();
  return found.length < ACCOUNTS ? null : found.reduce((sum, { has }) => sum + has, 0);
}
