import { toReceiptId } from '@sluice/contracts/bulk';
import type { RawEventDocument } from '@sluice/contracts/event';
import { toReplayJobId } from '@sluice/contracts/operations';
import { type EventsJob, toSingleJobId } from '@sluice/contracts/queues';
import { toConflictEventId } from '@sluice/normalizer/identity';
import type { Stores } from './ports.ts';
import type { Plan } from './scenario.ts';
import type { Accepted } from './senders.ts';

export type CheckOptions = {
  readonly plans: readonly Plan[];
  readonly accepted: readonly Accepted[];
  /** The jobs that a flush of Redis took. */
  readonly flushed: readonly EventsJob[];
  /** Whether nothing but payloads ended processes, so that only poison may be dead of stalling. */
  readonly isGentle: boolean;
};

/** Checks every promise once all is healed and drained; what is broken is noted in the world. */
export function checkPromises(stores: Stores, options: CheckOptions): void {
  checkKept(stores, options);
  checkOneCopy(stores);
  checkNoneInvented(stores, options);
  checkLatest(stores, options);
  checkStates(stores, options);
  checkLedger(stores, options);
  checkQueue(stores, options);
  checkReplays(stores);
}

/** Whatever was answered 202 is stored with its own bytes, or was flushed with a batch that the ledger names. */
function checkKept({ world, store }: Stores, { accepted, flushed }: CheckOptions): void {
  for (const { plan, id, ingest } of accepted) {
    const raw = findRaw(store.raw, plan);
    if (raw === undefined) {
      if (!isFlushed(plan, flushed)) world.violate(`${id}, accepted by ${ingest}, is lost`);
      continue;
    }
    if (Buffer.from(raw.body).toString() !== plan.event.body) world.violate(`${id} has other bytes`);
    if (flushed.length === 0 && !store.raw.has(id)) world.violate(`${id} was answered and never stored`);
  }
}

function findRaw(
  raw: ReadonlyMap<string, RawEventDocument>,
  { event: { eventId, tenant, source, idempotencyKey, contentHash } }: Plan,
): RawEventDocument | undefined {
  const own = raw.get(eventId);
  if (own?.contentHash === contentHash) return own;
  return raw.get(toConflictEventId(tenant, source, idempotencyKey, contentHash));
}

function isFlushed({ event }: Plan, flushed: readonly EventsJob[]): boolean {
  return flushed.some(({ events }) =>
    events.some(({ contentHash, idempotencyKey }) => {
      return contentHash === event.contentHash && idempotencyKey === event.idempotencyKey;
    }),
  );
}

function checkOneCopy({ world, store }: Stores): void {
  const owners = new Map<string, string>();
  for (const { _id, normalizedHash } of store.normalized.values()) {
    const owner = owners.get(normalizedHash);
    if (owner !== undefined) world.violate(`${_id} and ${owner} are the same record`);
    owners.set(normalizedHash, _id);
    if (store.raw.get(_id)?.status !== 'normalized')
      world.violate(`the record ${_id} has no normalized raw event`);
  }
  for (const { _id, status, duplicateOf, normalizedHash } of store.raw.values()) {
    if (status === 'normalized' && !store.normalized.has(_id)) world.violate(`${_id} has no record`);
    if (status !== 'duplicate') continue;
    const owner = store.normalized.get(duplicateOf ?? '');
    if (owner?.normalizedHash !== normalizedHash) world.violate(`${_id} names no twin`);
  }
}

function checkNoneInvented({ world, store }: Stores, { plans }: CheckOptions): void {
  const sent = new Set(plans.map(({ event }) => event.contentHash));
  for (const { _id, contentHash } of store.raw.values()) {
    if (!sent.has(contentHash)) world.violate(`${_id} was never sent`);
  }
}

/** A worker may have died between storing a record and taking it over; a flush may have taken the job that mends it. */
function checkLatest({ world, store }: Stores, { flushed }: CheckOptions): void {
  if (flushed.length > 0) return;
  for (const id of store.normalized.keys()) {
    if (!store.applied.has(id)) world.violate(`${id} never reached the latest state`);
  }
}

/** Every event is final, in a state that its nature allows: an outage killed none. */
function checkStates({ world, store }: Stores, { plans, isGentle }: CheckOptions): void {
  const hashesOfKey = new Map<string, Set<string>>();
  for (const { event } of plans) {
    const hashes = hashesOfKey.get(event.idempotencyKey) ?? new Set();
    hashesOfKey.set(event.idempotencyKey, hashes.add(event.contentHash));
  }
  for (const plan of plans) {
    const raw = findRaw(store.raw, plan);
    if (raw === undefined) continue;
    const { _id, status, code } = raw;
    const isSpared =
      (code === 'ERR_KEY_REUSED' && (hashesOfKey.get(raw.idempotencyKey)?.size ?? 0) > 1) ||
      (code === 'ERR_STALLED' && !isGentle);
    if (!isSpared && !plan.mayBe.includes(status)) world.violate(`${_id} is ${status} (${code})`);
  }
}

/** Raw events are counted once; every batch that was told of has its receipt or is named, with as many events as were told. */
function checkLedger({ world, store }: Stores, { flushed }: CheckOptions): void {
  const direct = [...store.raw.values()].filter((raw) => raw.direct === true).length;
  const accepted = [...store.receipts.values()].reduce((sum, receipt) => sum + receipt.accepted, direct);
  // A batch that was flushed while a part of it was stored has no receipt.
  const isCounted = flushed.length > 0 || accepted === store.raw.size;
  if (!isCounted) world.violate(`accepted ${accepted}, stored ${store.raw.size}`);
  const batches = flushed.filter(({ single, park }) => single === undefined && park === undefined);
  const lost = new Map(batches.map((job) => [toReceiptId(job), job.events.length]));
  for (const { _id: instance, seq: head, events } of store.instances.values()) {
    let counted = 0;
    for (let seq = 1; seq <= head; seq += 1) {
      const id = toReceiptId({ instance, seq });
      const receipt = store.receipts.get(id);
      const events = receipt === undefined ? lost.get(id) : receipt.accepted + receipt.merged;
      if (events === undefined) world.violate(`batch ${id} is unaccounted`);
      else if (receipt?.uncounted !== true) counted += events;
    }
    if (counted !== events)
      world.violate(`${instance} told of ${events} events, its batches held ${counted}`);
  }
}

/** The queue holds the dead letters and nothing else. */
function checkQueue({ world, store, queue }: Stores, { flushed }: CheckOptions): void {
  for (const { id, state } of queue.jobs.values()) {
    if (state !== 'failed') world.violate(`job ${id} is still ${state}`);
  }
  if (store.inbox.size > 0) world.violate(`${store.inbox.size} rows are still in the inbox`);
  if (flushed.length > 0) return;
  for (const { _id, status, contentHash, run } of store.raw.values()) {
    if (status !== 'dead') continue;
    const names = [toSingleJobId(_id, contentHash, 0).slice(0, -1), toReplayJobId(_id, '')];
    const failed = [...queue.jobs.keys()].some((id) => names.some((name) => id.startsWith(name)));
    if (!failed) world.violate(`the dead letter ${_id} (run ${run}) cannot be retried`);
  }
}

/** Every replay has come to its end, and nothing is held back for one; a replay that was not cancelled left none. */
function checkReplays({ world, store }: Stores): void {
  for (const { id, isOpen } of store.replay.replays.values()) {
    if (isOpen) world.violate(`the replay ${id} never ended`);
  }
  for (const { _id, status, replay } of store.raw.values()) {
    if (replay?.state === 'planned') world.violate(`${_id} is still planned by ${replay.operation}`);
    if (replay?.state === 'taken' && status === 'pending') world.violate(`${_id} is pending for ever`);
  }
}
