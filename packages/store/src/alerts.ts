import {
  type AlertDocument,
  type AlertList,
  MAX_FIRING_ALERTS,
  MAX_RESOLVED_ALERTS,
} from '@sluice/contracts/alerts';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { isDuplicateKey } from './store-error.ts';

/** What is wrong, and what of it is still to be told. Every call rejects with DependencyAwayError. */
export type AlertStore = {
  /** Lists the alerts that are firing, and those of which notices are to be sent; the oldest first. */
  listOpen(): Promise<readonly AlertDocument[]>;
  /** Adds an alert; false when one of its kind and subject is firing already. */
  insert(alert: AlertDocument): Promise<boolean>;
  /** Replaces an alert if it has the revision before that of `next` still; false when somebody has changed it. */
  replace(next: AlertDocument): Promise<boolean>;
  /** Lists what is firing and what is over, as the api shows it. */
  list(): Promise<AlertList>;
};

/** Creates the store of alerts; `timeoutMs` is the connection's operation timeout by default. */
export function createAlertStore(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): AlertStore {
  const collection = toCollection(connection, 'alerts');

  function listOpen(): Promise<readonly AlertDocument[]> {
    return within(timeoutMs, (signal) =>
      collection.find({ open: true }, { signal, maxTimeMS: timeoutMs, sort: { since: 1, _id: 1 } }).toArray(),
    );
  }

  function insert(alert: AlertDocument): Promise<boolean> {
    return within(timeoutMs, async (signal) => {
      try {
        await collection.insertOne({ ...alert }, toWriteOptions(signal));
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  async function replace({ _id, ...next }: AlertDocument): Promise<boolean> {
    const { matchedCount } = await within(timeoutMs, (signal) =>
      collection.replaceOne({ _id, revision: next.revision - 1 }, next, toWriteOptions(signal)),
    );
    return matchedCount === 1;
  }

  async function list(): Promise<AlertList> {
    const [firing, resolved] = await within(timeoutMs, (signal) => {
      const options = { signal, maxTimeMS: timeoutMs };
      return Promise.all([
        collection
          .find({ state: 'firing' }, { ...options, sort: { since: -1, _id: 1 }, limit: MAX_FIRING_ALERTS })
          .toArray(),
        collection
          .find(
            { state: 'resolved' },
            { ...options, sort: { resolvedAt: -1, _id: 1 }, limit: MAX_RESOLVED_ALERTS },
          )
          .toArray(),
      ]);
    });
    return { firing: firing.map(toAlert), resolved: resolved.map(toAlert) };
  }

  return { listOpen, insert, replace, list };
}

function toAlert(alert: AlertDocument): AlertList['firing'][number] {
  const { _id, kind, subject, state, value, unit, text, dashboard, notices } = alert;
  return {
    ...{ id: _id, kind, subject, state, value, unit, text, dashboard, notices },
    since: alert.since.toISOString(),
    resolvedAt: alert.resolvedAt?.toISOString() ?? null,
    noticedAt: alert.noticedAt?.toISOString() ?? null,
    unsent: alert.outbox.length,
  };
}
