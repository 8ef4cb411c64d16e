import { beforeEach, expect, it } from 'vitest';
import { createBackupGaps } from '../src/backup-gaps.ts';
import { createFullSyncStore, type NewFullSync, toOwnFullSync } from '../src/full-syncs.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const gaps = createBackupGaps(connection);
const syncs = createFullSyncStore(connection);
const BY_ADA: NewFullSync = { ...toOwnFullSync('A test.'), deletes: 'few', actor: 'ada' };
let nowMs = Date.UTC(2026, 5, 2);

beforeEach(async () => {
  await connection.db.collection('operations').deleteMany({});
  await connection.db.collection('resume_tokens').deleteMany({});
});

/** Begins a full sync, a second after the one before. */
async function begin(wanted: NewFullSync) {
  nowMs += 1000;
  const created = await syncs.create(wanted, new Date(nowMs));
  if ('meets' in created) throw new Error(`It meets ${created.meets}.`);
  const runner = { id: created._id, fence: 1 };
  await syncs.begin(runner, [], new Date(nowMs));
  return { end: (to: 'done' | 'failed') => syncs.end(runner, to, {}, new Date(nowMs)) };
}

it('is there until the first full sync has gone through, whoever started it', async () => {
  expect(await gaps.find()).toEqual({ asked: null, sync: null });
  await syncs.ask('The backup is new.', new Date(nowMs));
  expect(await gaps.find()).toEqual({ asked: 'The backup is new.', sync: null });
  const first = await begin(toOwnFullSync('The backup is new.'));
  expect(await gaps.find()).toMatchObject({ asked: null, sync: { state: 'running' } });
  await first.end('failed');
  expect(await gaps.find()).toMatchObject({ asked: null, sync: { state: 'failed' } });
  await (await begin({ ...BY_ADA, mode: 'verify' })).end('done');
  await (await begin({ ...BY_ADA, only: { collection: 'latest', ids: ['"a"'] } })).end('done');
  expect(await gaps.find()).toMatchObject({ sync: { state: 'failed' } });
  await (await begin(BY_ADA)).end('done');
  expect(await gaps.find()).toBeNull();
});

it('is there again when the position is lost, and not because a person looks once more', async () => {
  await (await begin(toOwnFullSync('The backup is new.'))).end('done');
  const byAda = await begin(BY_ADA);
  expect(await gaps.find()).toBeNull();
  await byAda.end('failed');
  expect(await gaps.find()).toBeNull();
  await syncs.ask('The position is lost.', new Date(nowMs));
  expect(await gaps.find()).toEqual({ asked: 'The position is lost.', sync: null });
  const own = await begin(toOwnFullSync('The position is lost.'));
  await syncs.change('cancelled', 'Cancelled by ada.', new Date(nowMs));
  expect(await gaps.find()).toMatchObject({ sync: { state: 'cancelled', stateReason: 'Cancelled by ada.' } });
  await own.end('done');
  expect(await gaps.find()).toMatchObject({ sync: { state: 'cancelled' } });
});
