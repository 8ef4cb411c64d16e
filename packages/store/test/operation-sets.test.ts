import { randomBytes } from 'node:crypto';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { OperationDocument } from '@sluice/contracts/operations';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createEventStore } from '../src/event-store.ts';
import { createOperationSets, type OperationRunner } from '../src/operation-sets.ts';
import { createOperations } from '../src/operations.ts';
import { recountOutcomes } from '../src/outcome-recount.ts';
import { createRollups } from '../src/rollups.ts';
import { readHourlyStats } from '../src/stats-hourly.ts';
import { useDatabase } from './database.ts';
import { newPlan } from './documents.ts';
import { newDead, newReplay, PRINTS } from './operation-documents.ts';

const connection = useDatabase();
const events = createEventStore(connection);
const sets = createOperationSets(connection);
const operations = createOperations(connection);
const raw = toCollection(connection, 'raw_events');

const newTenant = () => randomBytes(4).toString('hex');
const store = (rawInserts: readonly RawEventDocument[]) => events.commit(newPlan({ rawInserts }));

async function start(operation: OperationDocument): Promise<OperationRunner> {
  expect(await operations.create(operation)).toBe('created');
  return { operation: operation._id, fence: 1 };
}

async function freeze(runner: OperationRunner): Promise<void> {
  for (;;) {
    const result = await sets.freeze(runner, new Date());
    if (result === 'frozen') return;
    expect(result).toBe('more');
  }
}

async function takeAll(runner: OperationRunner): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const portion = await sets.listPlanned(runner.operation, 7);
    if (portion.length === 0) return ids;
    const turns = portion.map(({ _id: id, run, attempts }) => ({
      ...{ id, expect: { run, attempts }, run: run + 1 },
    }));
    expect(await sets.take(runner, turns, new Date())).toBe('taken');
    ids.push(...portion.map(({ _id }) => _id));
  }
}

const toTurn = ({ _id: id, run, attempts }: RawEventDocument) => ({
  ...{ id, expect: { run, attempts }, run: run + 1 },
});
const idsOf = (documents: readonly { _id: string }[]) => documents.map(({ _id }) => _id).sort();

describe('the set of a replay', () => {
  it('is what was dead before the watermark, and each event of it is taken once', async () => {
    const tenant = newTenant();
    const dead = Array.from({ length: 25 }, () => newDead({ tenant }));
    await store([...dead, newDead({ tenant, status: 'normalized' }), newDead({ tenant: newTenant() })]);
    const replay = newReplay(tenant);
    const runner = await start(replay);
    await store([newDead({ tenant, updatedAt: new Date(replay.watermark.getTime() + 1) })]);
    await freeze(runner);
    // A dead letter that is stored after the set was frozen, by a worker whose clock is late.
    await store([newDead({ tenant })]);
    expect(await operations.get(tenant, 'replay', replay._id)).toMatchObject({
      ...{ state: 'running', planned: 25, claimed: 25, frozenAt: expect.any(Date) },
    });
    expect((await takeAll(runner)).sort()).toEqual(idsOf(dead));
    expect(await sets.readProgress(replay._id)).toEqual({
      ...{ enqueued: 25, inFlight: 25, remaining: 0, succeeded: 0, duplicate: 0, failedAgain: 0 },
    });
  });

  it('is frozen in portions', async () => {
    const tenant = newTenant();
    await store(Array.from({ length: 2500 }, () => newDead({ tenant })));
    const replay = newReplay(tenant);
    await freeze(await start(replay));
    expect(await operations.get(tenant, 'replay', replay._id)).toMatchObject({ planned: 2500 });
  });

  it('follows its filter', async () => {
    const tenant = newTenant();
    const at = (iso: string) => new Date(iso);
    const one = newDead({ tenant, source: 'a', receivedAt: at('2026-01-01T00:00:00Z') });
    const two = newDead({
      tenant,
      source: 'b',
      receivedAt: at('2026-01-02T23:00:00Z'),
      fingerprint: PRINTS[1],
    });
    const three = newDead({
      tenant,
      source: 'b',
      code: 'ERR_UNEXPECTED',
      receivedAt: at('2026-01-03T00:00:00Z'),
    });
    const gone = newDead({ tenant, source: 'c', discarded: { at: new Date(), by: 'me', reason: 'x' } });
    await store([one, two, three, gone]);
    for (const [filter, expected] of [
      [{}, [one, two, three]],
      [{ source: 'b' }, [two, three]],
      [{ fingerprint: PRINTS[1] }, [two]],
      [{ code: 'ERR_UNEXPECTED' }, [three]],
      [{ from: '2026-01-02', to: '2026-01-02' }, [two]],
      [{ ids: [one._id, gone._id] }, [one, gone]],
      [{ ids: [one._id, gone._id], discarded: false }, [one]],
      [{ discarded: true }, [gone]],
    ] as const) {
      const replay = newReplay(tenant, filter as object);
      const runner = await start(replay);
      await freeze(runner);
      const planned = await sets.listPlanned(replay._id, 10);
      expect(idsOf(planned), JSON.stringify(filter)).toEqual(idsOf(expected));
      await operations.change(tenant, replay._id, { to: 'cancelled', stateReason: '' }, new Date());
      while ((await sets.release(runner)) > 0);
      await sets.close(runner, new Date());
    }
  });

  it('does not hold what died again, or was done, since it was frozen', async () => {
    const tenant = newTenant();
    const [again, done, still] = [newDead({ tenant }), newDead({ tenant }), newDead({ tenant })];
    await store([again, done, still]);
    const replay = newReplay(tenant);
    const runner = await start(replay);
    await freeze(runner);
    const before = await sets.listPlanned(replay._id, 10);
    const update = (event: RawEventDocument, status: 'dead' | 'normalized') => ({
      id: event._id,
      expect: { status: event.status, run: event.run, attempts: event.attempts },
      set: { status, run: event.run + 7, attempts: 1, updatedAt: new Date() },
    });
    await events.commit(newPlan({ rawUpdates: [update(again, 'dead'), update(done, 'normalized')] }));
    expect(await sets.take(runner, before.map(toTurn), new Date())).toBe('changed');
    expect(await takeAll(runner)).toEqual([still._id]);
    while ((await sets.release(runner)) > 0);
    await sets.close(runner, new Date());
    expect(await operations.get(tenant, 'replay', replay._id)).toMatchObject({
      ...{ state: 'done', progress: { enqueued: 1, inFlight: 1, remaining: 0 } },
    });
    expect((await raw.findOne({ _id: again._id }))?.replay).toBeUndefined();
  });

  it('is taken by nobody after a pause, a cancellation, or another scheduler', async () => {
    const tenant = newTenant();
    const dead = newDead({ tenant });
    await store([dead]);
    const replay = newReplay(tenant);
    const runner = await start(replay);
    await freeze(runner);
    const turns = [toTurn(dead)];
    const steer = (change: Parameters<typeof operations.change>[2]) =>
      operations.change(tenant, replay._id, change, new Date());
    await steer({ to: 'paused', stateReason: 'Paused by me.' });
    expect(await sets.take(runner, turns, new Date())).toBe('stopped');
    expect(await steer({ to: 'paused', stateReason: 'again' })).toBeNull();
    expect(await steer({ to: 'running', judgedFrom: { outcomes: 3, failedAgain: 2 } })).toMatchObject({
      ...{ state: 'running', stateReason: null, judgedFrom: { outcomes: 3, failedAgain: 2 } },
    });
    await sets.note({ ...runner, fence: 2 }, { waitingFor: null, currentPerSecond: 1 });
    expect(await sets.take(runner, turns, new Date())).toBe('stopped');
    await steer({ to: 'cancelled', stateReason: 'Cancelled by me.' });
    expect(await sets.take({ ...runner, fence: 2 }, turns, new Date())).toBe('stopped');
    expect(await raw.findOne({ _id: dead._id })).toMatchObject({ status: 'dead', run: 0 });
  });

  it('reads no more than 4 MiB of events at once', async () => {
    const tenant = newTenant();
    await store(Array.from({ length: 6 }, () => newDead({ tenant, body: Buffer.alloc(1024 * 1024, 'x') })));
    const replay = newReplay(tenant);
    await freeze(await start(replay));
    expect(await sets.listPlanned(replay._id, 100)).toHaveLength(4);
  });

  it('takes an event out of the discarded ones, without its old outcome', async () => {
    const tenant = newTenant();
    const dead = newDead({ tenant, discarded: { at: new Date(), by: 'me', reason: 'x' } });
    await store([dead]);
    const replay = newReplay(tenant, { ids: [dead._id] });
    const runner = await start(replay);
    await freeze(runner);
    await takeAll(runner);
    const taken = await raw.findOne({ _id: dead._id });
    expect(taken).toMatchObject({ status: 'pending', run: 1, attempts: 0 });
    for (const field of ['code', 'message', 'fingerprint', 'discarded']) {
      expect(taken).not.toHaveProperty(field);
    }
    const pending = await Array.fromAsync(sets.listPending(replay._id));
    expect(pending.flat()).toMatchObject([{ _id: dead._id, run: 1, attempts: 0 }]);
  });
});

describe('the hour of events that are replayed', () => {
  const OUTCOME = { code: 'ERR_FIELD_REQUIRED', fingerprint: PRINTS[0] } as const;
  const rollups = createRollups(connection);

  async function settle(tenant: string, status: 'normalized' | 'dead'): Promise<void> {
    const pending = await raw.find({ tenant, status: 'pending' }).toArray();
    const rawUpdates = pending.map(({ _id: id, run, attempts }) => ({
      ...{ id, expect: { status: 'pending' as const, run, attempts } },
      set: { status, run, attempts: 1, updatedAt: new Date(), ...(status === 'dead' ? OUTCOME : {}) },
    }));
    expect(await events.commit(newPlan({ rawUpdates }))).toBe('committed');
  }

  async function replay(tenant: string): Promise<void> {
    const runner = await start(newReplay(tenant));
    await freeze(runner);
    await takeAll(runner);
    await sets.close(runner, new Date());
  }

  async function readHour(tenant: string) {
    while ((await rollups.fold()).hasMore);
    const { hours } = await readHourlyStats(
      connection,
      tenant,
      { from: '2026-01-02T03:00:00Z', to: '2026-01-02T04:00:00Z' },
      0,
    );
    return hours.map(({ accepted, normalized, dead, pending }) => ({ accepted, normalized, dead, pending }));
  }

  it('tells what they are now, also of those that die again', async () => {
    const tenant = newTenant();
    await store(Array.from({ length: 10 }, () => newDead({ tenant })));
    await replay(tenant);
    expect(await readHour(tenant)).toEqual([{ accepted: 10, normalized: 0, dead: 0, pending: 10 }]);
    await settle(tenant, 'dead');
    expect(await readHour(tenant)).toEqual([{ accepted: 10, normalized: 0, dead: 10, pending: 0 }]);
    await replay(tenant);
    await settle(tenant, 'normalized');
    expect(await readHour(tenant)).toEqual([{ accepted: 10, normalized: 10, dead: 0, pending: 0 }]);
  });

  it('is counted anew when an earlier release had spoiled it, whatever is still to be added to it', async () => {
    const tenant = newTenant();
    const other = newTenant();
    await store([newDead({ tenant }), newDead({ tenant }), newDead({ tenant: other })]);
    await readHour(tenant);
    // An earlier release made them pending without a word.
    await raw.updateMany({ tenant }, { $set: { status: 'pending', run: 1, attempts: 0 } });
    await settle(tenant, 'normalized');
    expect(await readHour(tenant)).toEqual([{ accepted: 2, normalized: 2, dead: 2, pending: -2 }]);
    await store([newDead({ tenant })]);
    await recountOutcomes(connection);
    const right = [{ accepted: 3, normalized: 2, dead: 1, pending: 0 }];
    expect(await readHour(tenant)).toEqual(right);
    await recountOutcomes(connection);
    expect(await readHour(tenant)).toEqual(right);
    expect(await readHour(other)).toEqual([{ accepted: 1, normalized: 0, dead: 1, pending: 0 }]);
  });
});

describe('replays', () => {
  it('are refused while another one could have an event of theirs, also of two at once', async () => {
    const tenant = newTenant();
    const first = newReplay(tenant, { source: 'a' });
    await start(first);
    for (const filter of [{}, { source: 'a' }, { fingerprint: PRINTS[0] }, { to: '2026-01-01' }]) {
      expect(await operations.create(newReplay(tenant, filter))).toEqual({ meets: first._id });
    }
    expect(await operations.create(newReplay(newTenant()))).toBe('created');
    expect(await operations.create(newReplay(tenant, { source: 'b', from: '2026-01-02' }))).toBe('created');
    expect(await operations.create(newReplay(tenant, { source: 'b', to: '2026-01-01' }))).toBe('created');
    const racing = await Promise.all(
      Array.from({ length: 8 }, () => operations.create(newReplay(tenant, { source: 'c' }))),
    );
    expect(racing.filter((result) => result === 'created')).toHaveLength(1);
  });

  it('of one event keep away from sets that are not frozen yet, and from one another', async () => {
    const tenant = newTenant();
    const dead = newDead({ tenant });
    await store([dead, newDead({ tenant })]);
    const many = newReplay(tenant);
    const runner = await start(many);
    const one = () => newReplay(tenant, { ids: [dead._id] }, { event: dead._id });
    expect(await operations.create(one())).toEqual({ meets: many._id });
    await freeze(runner);
    const single = one();
    const singleRunner = await start(single);
    expect(await operations.create(one())).toEqual({ meets: single._id });
    // The event is in the frozen set of the other one.
    await freeze(singleRunner);
    expect(await operations.get(tenant, 'replay', single._id)).toMatchObject({ planned: 0 });
  });

  it('are listed by page and state, and found by their tenant only', async () => {
    const tenant = newTenant();
    const all = Array.from({ length: 5 }, (_, n) =>
      newReplay(tenant, { source: `s${n}` }, { createdAt: new Date(Date.UTC(2026, 0, 1 + (n >> 1))) }),
    );
    for (const replay of all) await start(replay);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await operations.list(tenant, 'replay', {
        ...{ limit: 2 },
        ...(cursor === undefined ? {} : { cursor }),
      });
      ids.push(...page.items.map(({ _id }) => _id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(ids).toHaveLength(5);
    expect(ids.toSorted()).toEqual(idsOf(all));
    const [first] = all as [OperationDocument];
    await operations.change(tenant, first._id, { to: 'cancelled', stateReason: '' }, new Date());
    const { items } = await operations.list(tenant, 'replay', { limit: 9, state: 'cancelled' });
    expect(idsOf(items)).toEqual([first._id]);
    expect(await operations.get(newTenant(), 'replay', first._id)).toBeNull();
    expect(await operations.get(tenant, 'discard', first._id)).toBeNull();
  });

  it('list the events that failed again, the newest first, and keep them at the end', async () => {
    const tenant = newTenant();
    const mark = (operation: string) => ({ operation, state: 'taken' as const, run: 0 });
    const replay = newReplay(tenant, {}, { state: 'running', frozenAt: new Date() });
    const runner = await start(replay);
    const failed = Array.from({ length: 9 }, (_, n) =>
      newDead({ tenant, replay: mark(replay._id), receivedAt: new Date(Date.UTC(2026, 0, 1 + (n % 3))) }),
    );
    await store([...failed, newDead({ tenant, status: 'normalized', replay: mark(replay._id) })]);
    const page = await operations.listFailedAgain(replay._id, { limit: 6 });
    const rest = await operations.listFailedAgain(replay._id, { limit: 6, cursor: page.nextCursor ?? '' });
    expect(rest.nextCursor).toBeNull();
    const listed = [...page.items, ...rest.items];
    expect(listed.toSorted()).toEqual(idsOf(failed));
    await sets.close(runner, new Date());
    const closed = await operations.get(tenant, 'replay', replay._id);
    expect(closed).toMatchObject({ state: 'done', failedAgainIds: listed });
    expect(closed).not.toHaveProperty('open');
    expect(await sets.listOpen()).not.toContainEqual(expect.objectContaining({ _id: replay._id }));
  });
});

describe('a discard', () => {
  it('marks what its filter finds, and nothing that a replay has in hand', async () => {
    const tenant = newTenant();
    const [held, one, two] = [newDead({ tenant, source: 'held' }), newDead({ tenant }), newDead({ tenant })];
    await store([held, one, two]);
    const replay = await start(newReplay(tenant, { source: 'held' }));
    await freeze(replay);
    const discard = newReplay(tenant, {}, { kind: 'discard' });
    const runner = await start(discard);
    while ((await sets.discard(runner, new Date())).result === 'more');
    expect(await operations.get(tenant, 'discard', discard._id)).toMatchObject({
      ...{ state: 'done', planned: 2, claimed: 2 },
    });
    const found = await raw.find({ tenant, 'discarded.by': 'tester' }).toArray();
    expect(idsOf(found)).toEqual(idsOf([one, two]));
    expect(found[0]).toMatchObject({ status: 'dead', discarded: { reason: 'a test' } });
  });

  it('ends with whatever becomes of the event next', async () => {
    const tenant = newTenant();
    const dead = newDead({ tenant, discarded: { at: new Date(), by: 'me', reason: 'x' } });
    await store([dead]);
    const { _id: id, status, run, attempts } = dead;
    const set = { status: 'dead' as const, run: run + 1, attempts: 1, updatedAt: new Date() };
    await events.commit(newPlan({ rawUpdates: [{ id, expect: { status, run, attempts }, set }] }));
    expect(await raw.findOne({ _id: id })).not.toHaveProperty('discarded');
  });
});
