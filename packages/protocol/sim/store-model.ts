import {
  type BatchName,
  type BulkPlan,
  type CommitResult,
  type HashOwner,
  type InboxDocument,
  type InstanceDocument,
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
import { createReplayModel, type ReplayModel } from './replay-model.ts';

/**
 * A model of the event store: the same rules as MongoDB's (unique ids and hashes, transactions that write all or
 * nothing, updates that apply only to what was expected), each call in one step. It also watches the promises: a
 * status that moves along no legal edge throws.
 */
export type StoreModel = {
  readonly raw: ReadonlyMap<string, RawEventDocument>;
  readonly normalized: ReadonlyMap<string, NormalizedEventDocument>;
  readonly receipts: ReadonlyMap<string, Omit<ReceiptDocument, 'at'>>;
  readonly inbox: ReadonlyMap<string, InboxDocument>;
  readonly instances: Map<string, InstanceDocument>;
  readonly replay: ReplayModel;
  /** The records that the latest state has taken over. */
  readonly applied: Set<string>;
  lookUp(query: LookUp): LookedUp;
  commit(plan: BulkPlan): CommitResult;
  readRecords(ids: readonly string[]): readonly NormalizedEventDocument[];
  keepInInbox(batch: BatchName & { readonly events: readonly AcceptedEvent[] }, now: Date): void;
  /** Claims rows as a sweeper does whose clock shows `now`. */
  claimRows(
    claim: { readonly limit: number; readonly olderThanMs: number },
    now: Date,
  ): readonly InboxDocument[];
  giveBackRows(rows: readonly InboxDocument[]): void;
};

/** Creates an empty model; `violate` is told when a replay breaks its promise, which throws by default. */
export function createStoreModel(violate = fail): StoreModel {
  const raw = new Map<string, RawEventDocument>();
  const normalized = new Map<string, NormalizedEventDocument>();
  const receipts = new Map<string, Omit<ReceiptDocument, 'at'>>();
  const inbox = new Map<string, InboxDocument>();
  const applied = new Set<string>();

  function lookUp(query: LookUp): LookedUp {
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

  function commit(plan: BulkPlan): CommitResult {
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
    for (const { instance, seq, accepted, merged, replacesVoid } of plan.receipts) {
      const _id = toReceiptId({ instance, seq });
      const receipt = { _id, instance, seq, accepted, merged, state: 'settled' } as const;
      receipts.set(_id, replacesVoid ? { ...receipt, uncounted: true } : receipt);
    }
    for (const key of plan.inboxDone) inbox.delete(key);
    return 'committed';
  }

  function keepInInbox(
    { instance, seq, events }: BatchName & { readonly events: readonly AcceptedEvent[] },
    at: Date,
  ): void {
    const _id = toReceiptId({ instance, seq });
    const receipt = receipts.get(_id);
    if (receipt === undefined) {
      receipts.set(_id, { _id, instance, seq, accepted: 0, merged: 0, state: 'void' });
    } else if (receipt.state === 'settled') {
      receipts.set(_id, { ...receipt, uncounted: true });
    }
    for (const event of events) {
      const key = toInboxKey(event.eventId, event.contentHash);
      if (!inbox.has(key)) inbox.set(key, { _id: key, event, at });
    }
  }

  function claimRows(
    { limit, olderThanMs }: { readonly limit: number; readonly olderThanMs: number },
    now: Date,
  ): readonly InboxDocument[] {
    const before = now.getTime() - olderThanMs;
    const claimed = [...inbox.values()]
      .filter(({ enqueuedAt }) => enqueuedAt === undefined || enqueuedAt.getTime() < before)
      .slice(0, limit)
      .map((row) => ({ ...row, enqueuedAt: now }));
    for (const row of claimed) inbox.set(row._id, row);
    return claimed;
  }

  function giveBackRows(rows: readonly InboxDocument[]): void {
    for (const { enqueuedAt, ...row } of rows) {
      if (inbox.get(row._id)?.enqueuedAt?.getTime() === enqueuedAt?.getTime()) inbox.set(row._id, row);
    }
  }

  return {
    raw,
    normalized,
    receipts,
    inbox,
    instances: new Map(),
    replay: createReplayModel(raw, violate),
    applied,
    readRecords: (ids) => ids.flatMap((id) => normalized.get(id) ?? []),
    lookUp,
    commit,
    keepInInbox,
    claimRows,
    giveBackRows,
  };
}

function fail(text: string): void {
  throw new Error(text);
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
