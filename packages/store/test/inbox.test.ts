import { toInboxKey } from '@sluice/contracts/bulk';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createEventStore } from '../src/event-store.ts';
import { createInbox } from '../src/inbox.ts';
import { useDatabase } from './database.ts';
import { newAccepted, newPlan } from './documents.ts';

const MIB = 1024 ** 2;
const connection = useDatabase();
const inbox = createInbox(connection);

describe('inbox', () => {
  it('keeps the rows and receipts that are there, and adds the others', async () => {
    const [first, second] = [newAccepted({ headers: { _bsontype: 'Long' } }), newAccepted()];
    await createEventStore(connection).commit(
      newPlan({ receipts: [{ instance: 'keep', seq: 2, accepted: 1, merged: 0, replacesVoid: false }] }),
    );
    await inbox.insert({ instance: 'keep', seq: 1, events: [first, first] });
    await inbox.insert({ instance: 'keep', seq: 2, events: [{ ...first, idempotencyKey: 'other' }, second] });
    const rows = await toCollection(connection, 'inbox').find().toArray();
    expect(rows).toHaveLength(2);
    expect(rows.find(({ _id }) => _id === toInboxKey(first.eventId, first.contentHash))?.event).toEqual(
      first,
    );
    const receipts = await toCollection(connection, 'receipts')
      .find({}, { sort: { seq: 1 } })
      .toArray();
    expect(receipts.map(({ state }) => state)).toEqual(['void', 'settled']);
    expect(await inbox.count()).toBe(2);
    await toCollection(connection, 'inbox').deleteMany({});
  });

  it('hands out each row once until its time is over, the new ones first', async () => {
    const events = Array.from({ length: 5 }, () => newAccepted());
    await inbox.insert({ instance: 'claim', seq: 1, events: events.slice(0, 3) });
    const first = await inbox.claimRows({ limit: 2, maxBytes: MIB, olderThanMs: 60_000 });
    const second = await inbox.claimRows({ limit: 10, maxBytes: MIB, olderThanMs: 60_000 });
    expect([...first, ...second].map(({ _id }) => _id).toSorted()).toEqual(
      events
        .slice(0, 3)
        .map(({ eventId, contentHash }) => toInboxKey(eventId, contentHash))
        .toSorted(),
    );
    expect(await inbox.claimRows({ limit: 10, maxBytes: MIB, olderThanMs: 60_000 })).toEqual([]);
    await inbox.insert({ instance: 'claim', seq: 2, events: events.slice(3) });
    const again = await inbox.claimRows({ limit: 3, maxBytes: MIB, olderThanMs: -60_000 });
    const fresh = events.slice(3).map(({ eventId }) => eventId);
    expect(
      again
        .slice(0, 2)
        .map(({ event }) => event.eventId)
        .toSorted(),
    ).toEqual(fresh.toSorted());
    expect(again).toHaveLength(3);
  });

  it('hands out no more rows once their bodies are as large as was asked for', async () => {
    await toCollection(connection, 'inbox').deleteMany({});
    const events = Array.from({ length: 5 }, () => newAccepted({ body: 'x'.repeat(MIB) }));
    await inbox.insert({ instance: 'large', seq: 1, events });
    const claim = { limit: 10, maxBytes: 2 * MIB, olderThanMs: 60_000 };
    const sizes = [];
    for (let portion = 0; portion < 4; portion += 1) sizes.push((await inbox.claimRows(claim)).length);
    expect(sizes).toEqual([2, 2, 1, 0]);
    await toCollection(connection, 'inbox').deleteMany({});
  });
});
