import {
  type BulkPlan,
  type CommitResult,
  type HashOwner,
  type KnownRaw,
  type LookedUp,
  type LookUp,
  type ReceiptDocument,
  toHashKey,
  toInboxKey,
  toReceiptId,
} from '@sluice/contracts/bulk';
import type { AcceptedEvent, NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { isFinal, STATUS_EDGES } from '@sluice/contracts/status';
import type { AcceptInbox, EventStore } from '../../src/ports.ts';

/**
 * A model of the event store: the same rules as MongoDB's (unique ids and hashes, transactions that write all or
 * nothing, updates that apply only to what was expected), in memory. It also watches the promises: a status that
 * moves along no legal edge throws.
 */
export type ModelStore = EventStore &
  AcceptInbox & {
    readonly raw: Map<string, RawEventDocument>;
    readonly normalized: Map<string, NormalizedEventDocument>;
    readonly receipts: Map<string, Omit<ReceiptDocument, 'at'>>;
    readonly inboxRows: Map<string, AcceptedEvent>;
    /** Called before every commit; throw to refuse it. */
    beforeCommit: (plan: BulkPlan) => void | Promise<void>;
  };

/** Creates an empty model. */
export function createModelStore(): ModelStore {
  const raw = new Map<string, RawEventDocument>();
  const normalized = new Map<string, NormalizedEventDocument>();
  const receipts = new Map<string, Omit<ReceiptDocument, 'at'>>();
  const inboxRows = new Map<string, AcceptedEvent>();

  async function lookUp(query: LookUp): Promise<LookedUp> {
    await Promise.resolve();
    const owners = new Map<string, HashOwner>();
    for (const { tenant, normalizedHash } of query.hashes) {
      const owner = findOwner(tenant, normalizedHash);
      if (owner !== undefined) {
        owners.set(toHashKey(tenant, normalizedHash), { id: owner._id, contentHash: owner.contentHash });
      }
    }
    return {
      raw: new Map(
        query.ids.flatMap((id) => {
          const document = raw.get(id);
          return document === undefined ? [] : [[id, toKnown(document)] as const];
        }),
      ),
      owners,
      receipts: new Map(
        query.batches.flatMap((batch) => {
          const receipt = receipts.get(toReceiptId(batch));
          return receipt === undefined ? [] : [[receipt._id, receipt.state] as const];
        }),
      ),
    };
  }

  function findOwner(tenant: string, normalizedHash: string): NormalizedEventDocument | undefined {
    for (const document of normalized.values()) {
      if (document.tenant === tenant && document.normalizedHash === normalizedHash) return document;
    }
    return undefined;
  }

  function applies(plan: BulkPlan): boolean {
    const hashes = new Set<string>();
    for (const document of plan.normalized) {
      const key = toHashKey(document.tenant, document.normalizedHash);
      if (normalized.has(document._id) || hashes.has(key)) return false;
      if (findOwner(document.tenant, document.normalizedHash) !== undefined) return false;
      hashes.add(key);
    }
    const ids = new Set<string>();
    for (const document of plan.rawInserts) {
      if (raw.has(document._id) || ids.has(document._id)) return false;
      ids.add(document._id);
    }
    for (const { id, expect } of plan.rawUpdates) {
      const now = raw.get(id);
      if (now?.status !== expect.status || now.run !== expect.run || now.attempts !== expect.attempts)
        return false;
    }
    return plan.receipts.every((receipt) => {
      const state = receipts.get(toReceiptId(receipt))?.state;
      return receipt.replacesVoid ? state === 'void' : state === undefined;
    });
  }

  async function commit(plan: BulkPlan): Promise<CommitResult> {
    await store.beforeCommit(plan);
    if (!applies(plan)) return 'conflict';
    for (const document of plan.normalized) normalized.set(document._id, document);
    for (const document of plan.rawInserts) raw.set(document._id, document);
    for (const { id, set, attempt } of plan.rawUpdates) {
      const before = raw.get(id) as RawEventDocument;
      if (isFinal(before.status) || !STATUS_EDGES[before.status].includes(set.status)) {
        throw new Error(`${id}: ${before.status} -> ${set.status} is no legal edge`);
      }
      const history = attempt === undefined ? before.history : [...(before.history ?? []), attempt];
      raw.set(id, { ...withoutOutcome(before), ...set, ...(history === undefined ? {} : { history }) });
    }
    for (const { of, id } of plan.conflicts) {
      const first = raw.get(of);
      if (first !== undefined)
        raw.set(of, { ...first, conflicts: [...new Set([...(first.conflicts ?? []), id])] });
    }
    for (const { instance, seq, accepted, merged } of plan.receipts) {
      const _id = toReceiptId({ instance, seq });
      receipts.set(_id, { _id, instance, seq, accepted, merged, state: 'settled' });
    }
    for (const key of plan.inboxDone) inboxRows.delete(key);
    return 'committed';
  }

  async function insert(batch: {
    instance: string;
    seq: number;
    events: readonly AcceptedEvent[];
  }): Promise<void> {
    await Promise.resolve();
    const _id = toReceiptId(batch);
    if (!receipts.has(_id)) {
      receipts.set(_id, {
        _id,
        instance: batch.instance,
        seq: batch.seq,
        accepted: 0,
        merged: 0,
        state: 'void',
      });
    }
    for (const event of batch.events) {
      const key = toInboxKey(event.eventId, event.contentHash);
      if (!inboxRows.has(key)) inboxRows.set(key, event);
    }
  }

  const store: ModelStore = {
    raw,
    normalized,
    receipts,
    inboxRows,
    lookUp,
    commit,
    insert,
    beforeCommit: () => undefined,
  };
  return store;
}

/** An update replaces the outcome as a whole: nothing of an earlier one stays. */
function withoutOutcome(document: RawEventDocument): RawEventDocument {
  const { normalizedHash, duplicateOf, duplicateLevel, code, message, fingerprint, ...rest } = document;
  return rest;
}

function toKnown(document: RawEventDocument): KnownRaw {
  const { contentHash, status, run, attempts } = document;
  return { contentHash, batch: document.batch ?? null, status, run, attempts };
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
