import type { StoreConnection } from '../src/connection.ts';
import { createEventStore } from '../src/event-store.ts';
import { createInstances } from '../src/instances.ts';
import { readLedger } from '../src/ledger.ts';
import { NOW, newPlan } from './documents.ts';

/** What happens to the batches of an instance, each of three events. */
export function useBatches(connection: StoreConnection) {
  const store = createEventStore(connection);
  const instances = createInstances(connection);

  return {
    beat(instance: string, seq: number, events: number, merged = 0): Promise<void> {
      const at = { startedAt: NOW, seenAt: new Date() };
      return instances.beat({ _id: instance, app: 'ingest', seq, events, merged, ...at });
    },
    settle(instance: string, seqs: readonly number[], replacesVoid = false) {
      const receipts = seqs.map((seq) => ({ instance, seq, accepted: 2, merged: 1, replacesVoid }));
      return store.commit(newPlan({ receipts }));
    },
    async readMissing(instance: string) {
      const { instances: entries } = await readLedger(connection);
      return entries.find((entry) => entry.instance === instance)?.missing;
    },
  };
}
