/**
 * Decides what a bulk writes. Pure: events and what MongoDB knows go in, a plan and an outcome for each event come
 * out. Every event is decided against what MongoDB holds, never against a batch-mate: of events that share an id
 * or a new normalized hash the first is decided now, the others come `later`, when MongoDB knows the first.
 */
import {
  type BulkPlan,
  type HashOwner,
  type KnownRaw,
  type LookedUp,
  type RawUpdate,
  toHashKey,
  toReceiptId,
} from '@sluice/contracts/bulk';
import { toStage } from '@sluice/contracts/dead-letters';
import type { ErrorCode } from '@sluice/contracts/errors';
import type {
  AcceptedEvent,
  AttemptRecord,
  NormalizedEventDocument,
  RawEventDocument,
} from '@sluice/contracts/event';
import { isFinal, STATUS_EDGES, type StoredStatus } from '@sluice/contracts/status';
import { toFingerprint } from '@sluice/normalizer/fingerprint';
import { toConflictEventId } from '@sluice/normalizer/identity';
import type { Candidate, Outcome, Verdict } from './candidate.ts';
import { toNormalizedDocument, toRawDocument } from './documents.ts';
import { toTurn } from './turn.ts';

/** Whether the receipt of an event's batch counts it as accepted, as merged, or not at all. */
export type Counted = 'accepted' | 'merged' | null;

export type Decided = {
  readonly candidate: Candidate;
  readonly outcome: Outcome;
  readonly counted: Counted;
};

export type Decision = {
  /** Everything but the receipts, which the caller adds once a batch is complete. */
  readonly plan: Omit<BulkPlan, 'receipts'>;
  readonly decided: readonly Decided[];
  readonly later: readonly Candidate[];
};

export type DecideContext = {
  readonly now: Date;
  /** Names this worker in the history of attempts. */
  readonly worker: string;
};

/** Returns the ids that must be looked up besides the events' own: those of reused keys. */
export function toConflictIds(candidates: readonly Candidate[], known: LookedUp): string[] {
  return candidates.filter((candidate) => isConflict(candidate, known)).map(toConflictId);
}

/** Decides a bulk; `known` must hold the answers for every candidate's id, hash and conflict id. */
export function decide(candidates: readonly Candidate[], known: LookedUp, context: DecideContext): Decision {
  const bulk = createBulk(known, context);
  for (const candidate of candidates) bulk.add(candidate);
  return bulk.read();
}

type Resolution = {
  readonly status: StoredStatus;
  readonly fields: OutcomeFields;
  readonly outcome: Outcome;
};
type OutcomeFields = Partial<
  Pick<
    RawEventDocument,
    'normalizedHash' | 'duplicateOf' | 'duplicateLevel' | 'code' | 'message' | 'fingerprint'
  >
>;

function createBulk(known: LookedUp, context: DecideContext) {
  const normalized: NormalizedEventDocument[] = [];
  const rawInserts: RawEventDocument[] = [];
  const rawUpdates: RawUpdate[] = [];
  const inboxDone: string[] = [];
  const decided: Decided[] = [];
  const later: Candidate[] = [];
  const claimed = new Set<string>();

  function add(candidate: Candidate): void {
    const { event } = candidate;
    if (claimed.has(event.eventId)) {
      later.push(candidate);
      return;
    }
    if (isConflict(candidate, known)) {
      addConflict(candidate);
      return;
    }
    const raw = known.raw.get(event.eventId);
    if (raw === undefined) addNew(candidate);
    else addKnown(candidate, raw);
  }

  function addConflict(candidate: Candidate): void {
    const { event } = candidate;
    const id = toConflictId(candidate);
    const first = event.conflictOf ?? event.eventId;
    if (claimed.has(id) || claimed.has(first)) {
      later.push(candidate);
      return;
    }
    const raw = known.raw.get(id);
    if (raw !== undefined) {
      // A crash may have come between storing it and filing its job: the same delivery files it again.
      const isSameDelivery = candidate.batch === null || raw.batch === toReceiptId(candidate.batch);
      const isToFile = raw.status === 'dead' && raw.run === candidate.run && isSameDelivery;
      const outcome = isToFile ? toKeyReused(candidate, id, first).outcome : { kind: 'merged' as const, id };
      settle(candidate, outcome, toCounted(candidate, raw));
      return;
    }
    const { status, fields, outcome } = toKeyReused(candidate, id, first);
    claimed.add(id);
    const { code, message } = fields;
    rawInserts.push({
      ...toRawDocument(id, candidate, context.now),
      status,
      ...fields,
      conflictOf: first,
      ...(code === undefined ? {} : { history: [toAttempt(candidate, 'dead', code, message ?? '')] }),
    });
    settle(candidate, outcome, toCounted(candidate, undefined));
  }

  function addNew(candidate: Candidate): void {
    const { event, verdict } = candidate;
    const resolution = resolve(candidate, verdict);
    if (resolution === 'later') {
      later.push(candidate);
      return;
    }
    claimed.add(event.eventId);
    const attempt = toFailedAttempt(candidate, resolution);
    rawInserts.push({
      ...toRawDocument(event.eventId, candidate, context.now),
      status: resolution.status,
      ...resolution.fields,
      ...(attempt === undefined ? {} : { history: [attempt] }),
    });
    settle(candidate, resolution.outcome, toCounted(candidate, undefined));
  }

  function addKnown(candidate: Candidate, raw: KnownRaw): void {
    const { event, verdict } = candidate;
    const id = event.eventId;
    const counted = toCounted(candidate, raw);
    if (isFinal(raw.status)) {
      settle(candidate, { kind: 'merged', id }, counted);
      return;
    }
    const turn = toTurn(candidate, raw);
    if (turn === 'stale') {
      settle(candidate, { kind: 'stale', id }, counted);
      return;
    }
    if (turn === 'repeat') {
      settle(candidate, toStoredOutcome(candidate, raw), counted);
      return;
    }
    const resolution = resolve(turn, verdict);
    if (resolution === 'later') {
      later.push(candidate);
      return;
    }
    if (!STATUS_EDGES[raw.status].includes(resolution.status)) {
      settle(candidate, { kind: 'stale', id }, counted);
      return;
    }
    claimed.add(id);
    const attempt = toFailedAttempt(turn, resolution);
    rawUpdates.push({
      id,
      expect: { status: raw.status, run: raw.run, attempts: raw.attempts },
      set: {
        status: resolution.status,
        run: turn.run,
        attempts: resolution.status === 'pending' ? turn.attempt - 1 : turn.attempt,
        updatedAt: context.now,
        ...resolution.fields,
      },
      ...(attempt === undefined ? {} : { attempt }),
    });
    settle(candidate, resolution.outcome, counted);
  }

  /** Turns a verdict into a status; a record into an owner of its hash or a duplicate of the owner. */
  function resolve(candidate: Candidate, verdict: Verdict): Resolution | 'later' {
    const id = candidate.event.eventId;
    switch (verdict.kind) {
      case 'record':
        return resolveRecord(candidate, verdict.record.normalizedHash);
      case 'parked':
        return { status: 'pending', fields: {}, outcome: { kind: 'parked', id, version: verdict.version } };
      case 'alone':
        return { status: 'pending', fields: {}, outcome: toAlone(id, candidate.run, candidate.attempt - 1) };
      case 'dead':
        return toDead(id, candidate, verdict.code, verdict.message);
      case 'failed': {
        const { code, message } = verdict;
        if (candidate.isLast) return toDead(id, candidate, code, message);
        const outcome = {
          kind: 'failed' as const,
          id,
          run: candidate.run,
          attempts: candidate.attempt,
          code,
          message,
        };
        return { status: 'failed', fields: { code, message }, outcome };
      }
    }
  }

  function resolveRecord(candidate: Candidate, normalizedHash: string): Resolution | 'later' {
    const { event, verdict } = candidate;
    const id = event.eventId;
    const key = toHashKey(event.tenant, normalizedHash);
    const owner = toFirstRecord(event) ?? known.owners.get(key);
    if (owner !== undefined && owner.id !== id) {
      return toDuplicate(id, event.contentHash, owner, normalizedHash);
    }
    if (owner === undefined) {
      if (claimed.has(key)) return 'later';
      claimed.add(key);
      if (verdict.kind === 'record') normalized.push(toNormalizedDocument(candidate, verdict, context.now));
    }
    return { status: 'normalized', fields: { normalizedHash }, outcome: { kind: 'normalized', id } };
  }

  /** Finds the record under the id of its key, where that has the same body and this event was answered with another id. */
  function toFirstRecord({ conflictOf, contentHash }: AcceptedEvent): HashOwner | undefined {
    if (conflictOf === undefined) return undefined;
    const first = known.raw.get(conflictOf);
    const isIt = first?.status === 'normalized' && first.contentHash === contentHash;
    return isIt ? { id: conflictOf, contentHash } : undefined;
  }

  function toFailedAttempt(candidate: Candidate, resolution: Resolution): AttemptRecord | undefined {
    const { outcome } = resolution;
    if (outcome.kind !== 'failed' && outcome.kind !== 'dead') return undefined;
    return toAttempt(candidate, outcome.kind, outcome.code, outcome.message);
  }

  function toAttempt(
    candidate: Candidate,
    outcome: 'failed' | 'dead',
    code: ErrorCode,
    message: string,
  ): AttemptRecord {
    const { run, attempt } = candidate;
    return { run, attempt, at: context.now, outcome, code, message, worker: context.worker };
  }

  function settle(candidate: Candidate, outcome: Outcome, counted: Counted): void {
    if (candidate.inboxKey !== null) inboxDone.push(candidate.inboxKey);
    decided.push({ candidate, outcome, counted });
  }

  return {
    add,
    read: (): Decision => ({
      plan: { normalized, rawInserts, rawUpdates, inboxDone },
      decided,
      later,
    }),
  };
}

/**
 * Tells whether another body has the key of an event. A person who retries such an event has decided to keep it, under
 * the id of its own. Ingest can be wrong: two processes may each have taken another body for the first one, and a mark
 * may name one that lost. What has the body that is stored under its key is no conflict, and lives under both ids.
 */
function isConflict({ event, origin }: Candidate, known: LookedUp): boolean {
  if (event.conflictOf !== undefined && origin !== 'single') {
    return known.raw.get(event.conflictOf)?.contentHash !== event.contentHash;
  }
  const raw = known.raw.get(event.eventId);
  return raw !== undefined && raw.contentHash !== event.contentHash;
}

function toConflictId({ event }: Candidate): string {
  if (event.conflictOf !== undefined) return event.eventId;
  return toConflictEventId(event.tenant, event.source, event.idempotencyKey, event.contentHash);
}

/** Repeats the outcome that is stored, so that the job which should exist for it is filed again. */
function toStoredOutcome({ event, verdict }: Candidate, raw: KnownRaw): Outcome {
  const id = event.eventId;
  if (raw.status === 'pending') {
    if (verdict.kind === 'alone') return toAlone(id, raw.run, raw.attempts);
    return { kind: 'parked', id, version: verdict.kind === 'parked' ? verdict.version : event.schemaVersion };
  }
  const code = verdict.kind === 'failed' || verdict.kind === 'dead' ? verdict.code : 'ERR_UNEXPECTED';
  const message =
    verdict.kind === 'failed' || verdict.kind === 'dead' ? verdict.message : 'An earlier attempt failed.';
  const kind = raw.status === 'dead' ? 'dead' : 'failed';
  return { kind, id, run: raw.run, attempts: raw.attempts, code, message };
}

function toAlone(id: string, run: number, attempts: number): Outcome {
  return { kind: 'alone', id, run, attempts };
}

/** An event is accepted by the batch that brought it, also when that batch runs again; else merged. */
function toCounted({ batch }: Candidate, raw: KnownRaw | undefined): Counted {
  if (batch === null) return null;
  return raw === undefined || raw.batch === toReceiptId(batch) ? 'accepted' : 'merged';
}

function toDead(id: string, candidate: Candidate, code: ErrorCode, message: string): Resolution {
  const { run, attempt: attempts } = candidate;
  return {
    status: 'dead',
    fields: { code, message, fingerprint: toFingerprint(code, message, toStage(code)).fingerprint },
    outcome: { kind: 'dead', id, run, attempts, code, message },
  };
}

function toKeyReused(candidate: Candidate, id: string, first: string): Resolution {
  const message = `The idempotency key was used before by ${first}, with another body.`;
  return toDead(id, candidate, 'ERR_KEY_REUSED', message);
}

function toDuplicate(id: string, contentHash: string, owner: HashOwner, normalizedHash: string): Resolution {
  const level = owner.contentHash === contentHash ? 'raw' : 'normalized';
  return {
    status: 'duplicate',
    fields: { normalizedHash, duplicateOf: owner.id, duplicateLevel: level },
    outcome: { kind: 'duplicate', id, of: owner.id, level },
  };
}
