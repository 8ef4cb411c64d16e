import type { BulkPlan } from '@sluice/contracts/bulk';
import { createStoreModel, type StoreModel } from '../../sim/store-model.ts';
import type { AcceptInbox, EventStore } from '../../src/ports.ts';

/** The model of the event store behind the ports, with a place for faults. */
export type ModelStore = EventStore &
  AcceptInbox &
  Pick<StoreModel, 'raw' | 'normalized' | 'receipts' | 'inbox'> & {
    /** Called before every commit; throw to refuse it. */
    beforeCommit: (plan: BulkPlan) => void | Promise<void>;
  };

/** Creates an empty model. */
export function createModelStore(): ModelStore {
  const model = createStoreModel();
  const store: ModelStore = {
    ...model,
    beforeCommit: () => undefined,
    lookUp: async (query) => model.lookUp(query),
    async commit(plan) {
      await store.beforeCommit(plan);
      return model.commit(plan);
    },
    readRecords: async (ids) => model.readRecords(ids),
    insert: async (batch) => model.keepInInbox(batch, new Date(0)),
  };
  return store;
}

/** Throws unless the ledger of a model balances: every raw event is counted once. */
export function assertBalanced(store: ModelStore): void {
  const direct = [...store.raw.values()].filter((document) => document.direct === true).length;
  const accepted = [...store.receipts.values()].reduce((sum, receipt) => sum + receipt.accepted, direct);
  if (accepted !== store.raw.size) {
    throw new Error(`accepted ${accepted}, but ${store.raw.size} raw events are stored`);
  }
  const records = [...store.raw.values()].filter(({ status }) => status === 'normalized').length;
  if (records !== store.normalized.size) {
    throw new Error(`${records} raw events are normalized, but ${store.normalized.size} records are stored`);
  }
}
