import { toHashKey, toInboxKey } from '@sluice/contracts/bulk';
import { describe, expect, it } from 'vitest';
import { createEventStore } from '../src/event-store.ts';
import { createInbox } from '../src/inbox.ts';
import { useDatabase } from './database.ts';
import { NOW, newAccepted, newId, newNormalized, newPlan, newRaw } from './documents.ts';

const connection = useDatabase();
const store = createEventStore(connection);
const inbox = createInbox(connection);

function load(name: 'raw_events' | 'normalized_events' | 'receipts' | 'inbox', _id: string) {
  return connection.db.collection<{ _id: string; [field: string]: unknown }>(name).findOne({ _id });
}

describe('commit', () => {
  it('writes every part of a plan', async () => {
    const accepted = newAccepted();
    await inbox.insert({ instance: 'all', seq: 1, events: [accepted] });
    const first = newRaw({ status: 'failed', attempts: 1, code: 'ERR_UNEXPECTED', message: 'no' });
    await store.commit(newPlan({ rawInserts: [first] }));
    const raw = newRaw({ body: new Uint8Array([0, 255, 128]) });
    const normalized = newNormalized({ _id: raw._id });
    const attempt = {
      run: 0,
      attempt: 2,
      at: NOW,
      outcome: 'failed',
      code: 'ERR_UNEXPECTED',
      message: 'm',
      worker: 'w',
    } as const;
    const result = await store.commit(
      newPlan({
        normalized: [normalized],
        rawInserts: [raw],
        rawUpdates: [
          {
            id: first._id,
            expect: { status: 'failed', run: 0, attempts: 1 },
            set: { status: 'normalized', run: 0, attempts: 2, updatedAt: NOW, normalizedHash: 'h' },
            attempt,
          },
        ],
        receipts: [{ instance: 'all', seq: 2, accepted: 1, merged: 3, replacesVoid: false }],
        inboxDone: [`${accepted.eventId}-${accepted.contentHash.slice(0, 16)}`],
      }),
    );
    expect(result).toBe('committed');
    expect(await load('raw_events', raw._id)).toMatchObject({
      body: { buffer: Buffer.from([0, 255, 128]), sub_type: 0 },
    });
    expect(await load('normalized_events', raw._id)).toEqual(normalized);
    const updated = await load('raw_events', first._id);
    expect(updated).toMatchObject({
      status: 'normalized',
      attempts: 2,
      history: [attempt],
    });
    expect(updated).not.toHaveProperty('code');
    expect(updated).not.toHaveProperty('message');
    expect(await load('receipts', 'all-2')).toMatchObject({ state: 'settled', accepted: 1, merged: 3 });
    expect(await load('inbox', `${accepted.eventId}-${accepted.contentHash.slice(0, 16)}`)).toBeNull();
  });

  it('leaves nothing when its last part conflicts', async () => {
    const [raw, pending] = [newRaw(), newRaw({ status: 'pending' })];
    await store.commit(newPlan({ rawInserts: [pending] }));
    const accepted = newAccepted();
    const row = toInboxKey(accepted.eventId, accepted.contentHash);
    await inbox.insert({ instance: 'kept', seq: 1, events: [accepted] });
    const normalized = newNormalized({ _id: raw._id });
    const result = await store.commit(
      newPlan({
        normalized: [normalized],
        rawInserts: [raw],
        rawUpdates: [
          {
            id: pending._id,
            expect: { status: 'pending', run: 0, attempts: 1 },
            set: { status: 'dead', run: 0, attempts: 2, updatedAt: NOW },
          },
        ],
        receipts: [{ instance: 'none', seq: 1, accepted: 1, merged: 0, replacesVoid: true }],
        inboxDone: [row],
      }),
    );
    expect(result).toBe('conflict');
    expect(await load('raw_events', raw._id)).toBeNull();
    expect(await load('normalized_events', raw._id)).toBeNull();
    expect(await load('raw_events', pending._id)).toMatchObject({ status: 'pending', attempts: 1 });
    expect(await load('receipts', 'none-1')).toBeNull();
    expect(await load('inbox', row)).not.toBeNull();
  });

  it.each([
    ['status', { status: 'dead', run: 0, attempts: 1 }],
    ['run', { status: 'failed', run: 1, attempts: 1 }],
    ['attempts', { status: 'failed', run: 0, attempts: 2 }],
  ] as const)('is a conflict when the %s is no longer as expected', async (_, state) => {
    const raw = newRaw(state);
    await store.commit(newPlan({ rawInserts: [raw] }));
    const set = { status: 'normalized', run: 0, attempts: 2, updatedAt: NOW } as const;
    const expectation = { status: 'failed', run: 0, attempts: 1 } as const;
    expect(await store.commit(newPlan({ rawUpdates: [{ id: raw._id, expect: expectation, set }] }))).toBe(
      'conflict',
    );
    expect(await load('raw_events', raw._id)).toMatchObject(state);
  });

  it('lets one of two bulks with the same hash win, and the other see it', async () => {
    const normalizedHash = newId();
    const plans = [newNormalized({ normalizedHash }), newNormalized({ normalizedHash })].map((normalized) =>
      newPlan({ normalized: [normalized], rawInserts: [newRaw({ _id: normalized._id })] }),
    );
    const results = await Promise.all(plans.map((plan) => store.commit(plan)));
    expect(results.toSorted()).toEqual(['committed', 'conflict']);
    const { owners, raw } = await store.lookUp({
      ids: plans.flatMap(({ rawInserts }) => rawInserts.map(({ _id }) => _id)),
      hashes: [{ tenant: 'default', normalizedHash }],
      batches: [],
    });
    const winner = plans[results.indexOf('committed')]?.normalized[0];
    expect(owners.get(toHashKey('default', normalizedHash))).toEqual({
      id: winner?._id,
      contentHash: winner?.contentHash,
    });
    expect([...raw.keys()]).toEqual([winner?._id]);
  });

  it('keeps the same hash of two tenants apart', async () => {
    const normalizedHash = newId();
    const mine = newNormalized({ normalizedHash });
    const theirs = newNormalized({ normalizedHash, tenant: 'other' });
    expect(await store.commit(newPlan({ normalized: [mine, theirs] }))).toBe('committed');
    const { owners } = await store.lookUp({
      ids: [],
      hashes: [mine, theirs],
      batches: [],
    });
    expect(owners.get(toHashKey('other', normalizedHash))?.id).toBe(theirs._id);
    expect(owners.get(toHashKey('default', normalizedHash))?.id).toBe(mine._id);
  });

  it('settles a void receipt once', async () => {
    await inbox.insert({ instance: 'void', seq: 7, events: [newAccepted()] });
    const receipt = { instance: 'void', seq: 7, accepted: 1, merged: 0 };
    const batches = [receipt];
    expect((await store.lookUp({ ids: [], hashes: [], batches })).receipts.get('void-7')).toBe('void');
    expect(await store.commit(newPlan({ receipts: [{ ...receipt, replacesVoid: false }] }))).toBe('conflict');
    expect(await store.commit(newPlan({ receipts: [{ ...receipt, replacesVoid: true }] }))).toBe('committed');
    expect(await store.commit(newPlan({ receipts: [{ ...receipt, replacesVoid: true }] }))).toBe('conflict');
    expect((await store.lookUp({ ids: [], hashes: [], batches })).receipts.get('void-7')).toBe('settled');
  });

  it('stores payloads, headers and lineage whose keys look like BSON types or paths', async () => {
    const odd = { _bsontype: 'ObjectId', id: 'x', 'a.b': [{ _bsontype: null }], $ref: 'r', '': 0 };
    const raw = newRaw({ headers: { _bsontype: 'Long', 'x.y': '1' } });
    const normalized = newNormalized({
      _id: raw._id,
      data: odd,
      lineage: { _bsontype: { from: null, rule: 'keep' } },
    });
    expect(await store.commit(newPlan({ normalized: [normalized], rawInserts: [raw] }))).toBe('committed');
    expect((await load('normalized_events', raw._id))?.['data']).toEqual(odd);
    expect((await load('raw_events', raw._id))?.['headers']).toEqual(raw.headers);
  });

  it('stores an event whose body and headers are the largest that ingest takes', async () => {
    const headers = Object.fromEntries(
      Array.from({ length: 4 }, (_, n) => [`x-${n}`, 'h'.repeat(16 * 1024)]),
    );
    const raw = newRaw({ headers, body: Buffer.alloc(15 * 1024 ** 2, 'b') });
    expect(await store.commit(newPlan({ rawInserts: [raw] }))).toBe('committed');
  });

  it('rejects a plan that MongoDB refuses, and leaves nothing of it', async () => {
    const raw = newRaw();
    const huge = newNormalized({ _id: raw._id, data: 'x'.repeat(17 * 1024 * 1024) });
    await expect(store.commit(newPlan({ normalized: [huge], rawInserts: [raw] }))).rejects.toThrow();
    expect(await load('raw_events', raw._id)).toBeNull();
  });

  it('opens no transaction for a plan with nothing to write', async () => {
    expect(await store.commit(newPlan())).toBe('committed');
  });
});

it('reads back names that every object knows', async () => {
  const data = { toString: [{ a: 1 }], constructor: [{ prototype: 1 }], valueOf: [{ valueOf: [{ b: 2 }] }] };
  const record = newNormalized({ data });
  await store.commit(newPlan({ normalized: [record], rawInserts: [newRaw({ _id: record._id })] }));
  expect(await load('normalized_events', record._id)).toMatchObject({ data });
});

describe('readRecords', () => {
  it('returns those that are there, as they were written', async () => {
    const [one, two] = [newNormalized(), newNormalized()];
    await store.commit(newPlan({ normalized: [one, two] }));
    const found = await store.readRecords([two._id, newId(), one._id]);
    expect(new Set(found)).toEqual(new Set([one, two]));
  });
});

describe('lookUp', () => {
  it('knows nothing of what is not there', async () => {
    const { raw, owners, receipts } = await store.lookUp({
      ids: [newId()],
      hashes: [{ tenant: 'default', normalizedHash: newId() }],
      batches: [{ instance: 'nobody', seq: 1 }],
    });
    expect([raw.size, owners.size, receipts.size]).toEqual([0, 0, 0]);
  });

  it('returns what decisions need of a raw event', async () => {
    const raw = newRaw({ status: 'failed', run: 5, attempts: 3, batch: 'i-9' });
    await store.commit(newPlan({ rawInserts: [raw] }));
    const { contentHash } = raw;
    const known = await store.lookUp({ ids: [raw._id], hashes: [], batches: [] });
    expect(known.raw.get(raw._id)).toEqual({
      contentHash,
      batch: 'i-9',
      status: 'failed',
      run: 5,
      attempts: 3,
    });
  });
});
