import { toCollection } from '@sluice/store/collections';
import { expect, it } from 'vitest';
import { startUnopenedLive, toRawDocument, useDatabase } from './fixtures.ts';
import { openSocket } from './socket-reader.ts';
import { openStream, type SseMessage } from './sse-reader.ts';

const { store, mongoUrl } = useDatabase();
const raw = toCollection(store, 'raw_events');

const isStatus = ({ event }: SseMessage) => event === 'status';

it('tells the status of an event when it is stored, and each time it changes', async () => {
  const live = await startUnopenedLive(mongoUrl);
  const stream = await openStream(`${live.url}/stream/statuses`);
  await stream.next();
  const document = toRawDocument({ status: 'failed', code: 'ERR_SIMULATED', message: 'simulated' });
  await raw.insertOne(document);
  expect((await stream.next(isStatus)).data).toEqual({
    id: document._id,
    source: 'shop',
    client_id: 'shop',
    via: 'api',
    status: 'failed',
    attempts: 1,
    code: 'ERR_SIMULATED',
    message: 'simulated',
    duplicateOf: null,
    duplicateLevel: null,
    receivedAt: '2026-01-02T03:04:05.678Z',
    updatedAt: '2026-01-02T03:04:05.678Z',
  });
  await raw.updateOne({ _id: document._id }, { $set: { attempts: 2 } });
  expect((await stream.next(isStatus)).data).toMatchObject({ status: 'failed', attempts: 2 });
  await raw.updateOne(
    { _id: document._id },
    { $set: { status: 'normalized', attempts: 3 }, $unset: { code: true, message: true } },
  );
  expect((await stream.next(isStatus)).data).toMatchObject({ status: 'normalized', attempts: 3, code: null });
});

it('tells nothing of other changes, and only what the filters name', async () => {
  const live = await startUnopenedLive(mongoUrl);
  const socket = await openSocket(`${live.url}/stream/statuses/ws?client_id=shop&status=dead`);
  await socket.next();
  const [shop, other] = [toRawDocument(), toRawDocument({ source: 'other', status: 'dead' })];
  await raw.insertMany([shop, other]);
  await raw.updateOne({ _id: shop._id }, { $set: { traceparent: 'x' } });
  await raw.updateOne({ _id: shop._id }, { $set: { status: 'dead' } });
  const first = await socket.next(isStatus);
  expect(first.data).toMatchObject({ id: shop._id, status: 'dead' });
  await raw.updateOne({ _id: shop._id }, { $set: { attempts: 7 } });
  expect((await socket.next(isStatus)).data).toMatchObject({ id: shop._id, attempts: 7 });
});

it('resumes after an id, and skips an event that is gone by then', async () => {
  const live = await startUnopenedLive(mongoUrl);
  const stream = await openStream(`${live.url}/stream/statuses`);
  const { id = '' } = await stream.next(({ id }) => id !== undefined);
  await live.close();
  const [kept, gone] = [toRawDocument({ status: 'failed' }), toRawDocument({ status: 'failed' })];
  await raw.insertMany([kept, gone]);
  await raw.updateOne({ _id: gone._id }, { $set: { attempts: 2 } });
  await raw.deleteOne({ _id: gone._id });
  await raw.updateOne({ _id: kept._id }, { $set: { attempts: 2 } });
  const after = await startUnopenedLive(mongoUrl);
  const resumed = await openStream(`${after.url}/stream/statuses`, { lastEventId: id });
  const ids = [];
  while (ids.length < 3) ids.push((await resumed.next(isStatus)).data);
  expect(ids).toMatchObject([{ id: kept._id }, { id: gone._id }, { id: kept._id, attempts: 2 }]);
});
