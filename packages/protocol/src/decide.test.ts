import type { KnownRaw, LookedUp } from '@sluice/contracts/bulk';
import { toHashKey } from '@sluice/contracts/bulk';
import { toConflictEventId } from '@sluice/normalizer/identity';
import { describe, expect, it } from 'vitest';
import { toEvent, toRecord } from '../test/models/events.ts';
import type { Candidate } from './candidate.ts';
import { decide } from './decide.ts';

const BATCH = { instance: 'i', seq: 7 };
const context = { now: new Date('2026-01-02T00:00:00.000Z'), worker: 'w' };
const nothing: LookedUp = { raw: new Map(), owners: new Map(), receipts: new Map() };

function toCandidate(event = toEvent('k'), over: Partial<Candidate> = {}): Candidate {
  return {
    origin: 'delivery',
    event,
    verdict: { kind: 'record', record: toRecord(event) },
    run: 0,
    attempt: 1,
    isLast: false,
    batch: BATCH,
    inboxKey: null,
    ...over,
  };
}

function knownAs(candidate: Candidate, over: Partial<KnownRaw>): LookedUp {
  const { event } = candidate;
  const raw: KnownRaw = {
    contentHash: event.contentHash,
    batch: 'other-1',
    status: 'failed',
    run: 0,
    attempts: 1,
    ...over,
  };
  return { ...nothing, raw: new Map([[event.eventId, raw]]) };
}

describe('decide', () => {
  it('stores a new event with its record', () => {
    const candidate = toCandidate();
    const { plan, decided } = decide([candidate], nothing, context);
    expect(plan.rawInserts).toMatchObject([
      { _id: candidate.event.eventId, status: 'normalized', attempts: 1 },
    ]);
    expect(plan.normalized).toMatchObject([{ _id: candidate.event.eventId }]);
    expect(decided).toMatchObject([{ outcome: { kind: 'normalized' }, counted: 'accepted' }]);
  });

  it('makes an event whose hash MongoDB holds a duplicate that names its twin and the level', () => {
    const candidate = toCandidate(toEvent('k', { hash: 'h', x: 1 }));
    const owner = (contentHash: string): LookedUp => ({
      ...nothing,
      owners: new Map([[toHashKey('default', 'h'), { id: 'evt_first', contentHash }]]),
    });
    const other = decide([candidate], owner('other'), context);
    expect(other.plan.normalized).toEqual([]);
    expect(other.plan.rawInserts).toMatchObject([
      { status: 'duplicate', duplicateOf: 'evt_first', duplicateLevel: 'normalized' },
    ]);
    const same = decide([candidate], owner(candidate.event.contentHash), context);
    expect(same.plan.rawInserts).toMatchObject([{ duplicateLevel: 'raw' }]);
  });

  it('lets the twin of a batch-mate wait until MongoDB knows the first', () => {
    const first = toCandidate(toEvent('a', { hash: 'h' }));
    const second = toCandidate(toEvent('b', { hash: 'h' }));
    const { plan, later } = decide([first, second], nothing, context);
    expect(plan.normalized).toHaveLength(1);
    expect(later).toEqual([second]);
  });

  it('lets the second event of an id wait, whatever its body', () => {
    const first = toCandidate(toEvent('a', { n: 1 }));
    const second = toCandidate(toEvent('a', { n: 2 }));
    expect(decide([first, second], nothing, context).later).toEqual([second]);
  });

  it('lets an event whose key was used before wait for a batch-mate that has the key', () => {
    const first = toCandidate(toEvent('a'));
    const { eventId, contentHash } = first.event;
    const conflictId = toConflictEventId('default', 's', 'a', contentHash);
    const again = toCandidate({ ...first.event, eventId: conflictId, conflictOf: eventId });
    expect(decide([first, again], nothing, context).later).toEqual([again]);
  });

  it('keeps the second body of a reused key under an id of its own, dead', () => {
    const candidate = toCandidate();
    const known = knownAs(candidate, { contentHash: 'another', status: 'normalized' });
    const { plan, decided } = decide([candidate], known, context);
    const { event } = candidate;
    const id = toConflictEventId('default', 's', 'k', event.contentHash);
    expect(plan.rawInserts).toMatchObject([
      { _id: id, status: 'dead', code: 'ERR_KEY_REUSED', conflictOf: event.eventId },
    ]);
    expect(decided).toMatchObject([{ outcome: { kind: 'dead', id }, counted: 'accepted' }]);
  });

  it('merges a redelivery of a final event', () => {
    const candidate = toCandidate();
    const { plan, decided } = decide([candidate], knownAs(candidate, { status: 'normalized' }), context);
    expect(plan.rawInserts).toEqual([]);
    expect(plan.rawUpdates).toEqual([]);
    expect(decided).toMatchObject([{ outcome: { kind: 'merged' }, counted: 'merged' }]);
  });

  it('counts an event as accepted again when its own batch runs again after a crash', () => {
    const candidate = toCandidate();
    const known = knownAs(candidate, { status: 'normalized', batch: 'i-7' });
    expect(decide([candidate], known, context).decided).toMatchObject([{ counted: 'accepted' }]);
  });

  it('never lets an earlier run or attempt overwrite a later one', () => {
    const single = toCandidate(toEvent('k'), { origin: 'single', batch: null, run: 0, attempt: 3 });
    for (const over of [
      { run: 5, attempts: 1 },
      { run: 0, attempts: 4 },
    ]) {
      const { plan, decided } = decide([single], knownAs(single, over), context);
      expect(plan.rawUpdates).toEqual([]);
      expect(decided).toMatchObject([{ outcome: { kind: 'stale' } }]);
    }
  });

  it('files a failed event again when its batch runs again before the split-off was added', () => {
    const failed = { kind: 'failed', code: 'ERR_SIMULATED', message: 'm' } as const;
    const candidate = toCandidate(toEvent('k'), { verdict: failed });
    const { plan, decided } = decide([candidate], knownAs(candidate, { batch: 'i-7' }), context);
    expect(plan.rawUpdates).toEqual([]);
    expect(decided).toMatchObject([{ outcome: { kind: 'failed', attempts: 1 }, counted: 'accepted' }]);
  });

  it('starts a new run for a dead event that is sent again, and not for its own delivery run again', () => {
    const candidate = toCandidate();
    const again = decide([candidate], knownAs(candidate, { status: 'dead', attempts: 8 }), context);
    const run = Date.parse(candidate.event.receivedAt);
    expect(again.plan.rawUpdates).toMatchObject([{ set: { status: 'normalized', run, attempts: 1 } }]);
    const same = decide([candidate], knownAs(candidate, { status: 'dead', batch: 'i-7' }), context);
    expect(same.plan.rawUpdates).toEqual([]);
    expect(same.decided).toMatchObject([{ outcome: { kind: 'dead' } }]);
  });

  it('makes the last failed attempt dead, with a fingerprint', () => {
    const failed = { kind: 'failed', code: 'ERR_UNEXPECTED', message: 'id 17 broke' } as const;
    const candidate = toCandidate(toEvent('k'), { verdict: failed, isLast: true });
    const { plan } = decide([candidate], nothing, context);
    expect(plan.rawInserts).toMatchObject([
      {
        status: 'dead',
        code: 'ERR_UNEXPECTED',
        fingerprint: expect.any(String),
        history: [{ outcome: 'dead' }],
      },
    ]);
  });

  it('stores a parked event as pending without an attempt', () => {
    const candidate = toCandidate(toEvent('k'), {
      verdict: { kind: 'parked', version: 9, reason: 'Unknown.' },
    });
    const { plan } = decide([candidate], nothing, context);
    expect(plan.rawInserts).toMatchObject([{ status: 'pending', attempts: 0 }]);
  });
});
