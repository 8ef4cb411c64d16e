import { type HistoryMark, SAMPLES_KEPT_MS, type SeenVersion } from '@sluice/contracts/stats-history';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/** How long after the first app others are put in place together with it, in ms. */
const TOGETHER_MS = 600_000;

/** A process that runs: of which app and version it is, and since when. */
export type RunningVersion = { readonly app: string; readonly version: string; readonly startedAt: Date };

/** Which versions of the apps run, and ran within the last 31 days. Every call rejects with DependencyAwayError. */
export type AppVersions = {
  /** Notes which processes run at a moment. */
  note(running: readonly RunningVersion[], at: Date): Promise<void>;
  /** Lists what was put in place within a time, the newest first. */
  listDeploys(from: Date, to: Date): Promise<readonly HistoryMark[]>;
};

/** Creates the register of versions; `timeoutMs` is the connection's operation timeout by default. */
export function createAppVersions(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): AppVersions {
  const collection = toCollection(connection, 'app_versions');

  async function note(running: readonly RunningVersion[], at: Date): Promise<void> {
    await within(timeoutMs, async (signal) => {
      const known = await collection.find({}, { signal, maxTimeMS: timeoutMs }).toArray();
      const seen = toSeen(known, running, at);
      if (seen.length === 0) return;
      const expiresAt = new Date(at.getTime() + SAMPLES_KEPT_MS);
      await collection.bulkWrite(
        seen.map((one) => ({
          updateOne: {
            filter: { _id: `${one.app} ${one.version}` },
            update: { $set: { ...one, expiresAt } },
            upsert: true,
          },
        })),
        toWriteOptions(signal),
      );
    });
  }

  async function listDeploys(from: Date, to: Date): Promise<readonly HistoryMark[]> {
    const found = await within(timeoutMs, (signal) =>
      collection.find({ since: { $gte: from, $lt: to } }, { signal, maxTimeMS: timeoutMs }).toArray(),
    );
    return toDeploys(found);
  }

  return { note, listDeploys };
}

/**
 * Returns what is known after a look at what runs. A version began anew if others of its app ran when it did not; while
 * nothing of the app was seen, nothing was put in its place, however long that was.
 */
export function toSeen(
  known: readonly SeenVersion[],
  running: readonly RunningVersion[],
  at: Date,
): readonly SeenVersion[] {
  const lastLooks = new Map<string, number>();
  for (const { app, seenAt } of known) {
    lastLooks.set(app, Math.max(lastLooks.get(app) ?? 0, seenAt.getTime()));
  }
  const seen = new Map<string, SeenVersion>();
  for (const { app, version, startedAt } of running) {
    const key = `${app} ${version}`;
    const before = known.find((one) => one.app === app && one.version === version);
    const goesOn = before !== undefined && before.seenAt.getTime() === lastLooks.get(app);
    const since = goesOn ? before.since : startedAt;
    const first = seen.get(key);
    if (first === undefined || since < first.since) seen.set(key, { app, version, since, seenAt: at });
  }
  return [...seen.values()];
}

/** Makes one mark of the apps that were put in place together, at the first of them; the newest first. */
export function toDeploys(versions: readonly SeenVersion[]): readonly HistoryMark[] {
  const deploys: (Pick<HistoryMark, 'subject'> & { readonly atMs: number; readonly apps: string[] })[] = [];
  for (const { app, version, since } of versions.toSorted((a, b) => Number(a.since) - Number(b.since))) {
    const open = deploys.findLast(({ subject }) => subject === version);
    if (open !== undefined && since.getTime() - open.atMs <= TOGETHER_MS) open.apps.push(app);
    else deploys.push({ atMs: since.getTime(), subject: version, apps: [app] });
  }
  return deploys.toReversed().map(({ atMs, subject, apps }) => {
    const at = new Date(atMs).toISOString();
    return { at, kind: 'deploy', subject, revision: null, apps: apps.toSorted() };
  });
}
