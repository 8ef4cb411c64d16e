import type { Rejection } from '@sluice/contracts/rejection';
import { connectStore } from '@sluice/store/connection';
import { createRejections } from '@sluice/store/rejections';
import { describe, expect, it } from 'vitest';
import { NO_MONGO, startApi, useStores } from './fixtures.ts';

const stores = useStores();

function newRejection(fields: Partial<Rejection>): Rejection {
  return {
    at: new Date('2026-01-02T03:04:05.678Z'),
    tenant: 'default',
    source: 'shop',
    code: 'ERR_SIGNATURE_INVALID',
    status: 401,
    cause: 'signature-mismatch',
    detail: 'The request is not signed as this source signs.',
    requestId: 'req_1',
    method: 'POST',
    path: '/hooks/shop',
    remote: '127.0.0.1',
    headers: { authorization: '***' },
    body: Buffer.from('{"a":1}'),
    ...fields,
  };
}

describe('GET /api/rejections', () => {
  it('lists refusals by cause and source, the newest first, page by page', async () => {
    const { get } = await startApi(stores);
    const rejections = createRejections(stores.store);
    for (const source of ['a', 'b', 'a']) await rejections.insertMany([newRejection({ source })]);
    await rejections.insertMany([
      newRejection({
        source: 'a',
        cause: 'ERR_JSON_INVALID',
        code: 'ERR_JSON_INVALID',
        body: Buffer.from([0xff]),
      }),
    ]);
    const { status, body } = await get('/api/rejections?limit=1');
    expect({ status, items: body.items }).toMatchObject({
      status: 200,
      items: [{ source: 'a', cause: 'ERR_JSON_INVALID', body: '/w==', bodyEncoding: 'base64' }],
    });
    const first = (await get('/api/rejections?cause=signature-mismatch&source=a&limit=1')).body;
    const { tenant: _, ...shown } = newRejection({ source: 'a' });
    expect(first.items).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        ...shown,
        at: '2026-01-02T03:04:05.678Z',
        body: '{"a":1}',
        bodyEncoding: 'utf8',
      },
    ]);
    const url = `/api/rejections?cause=signature-mismatch&source=a&limit=1&cursor=${first.nextCursor}`;
    const second = (await get(url)).body;
    expect(second.items).toHaveLength(1);
    expect(second.items[0].id < first.items[0].id).toBe(true);
    expect(second.nextCursor).toBeNull();
  });

  it.each(['limit=0', 'limit=1001', 'cursor=x', 'cause[$ne]=x', 'status=401', 'cause=a&cause=b'])(
    'refuses the query %s',
    async (query) => {
      const { get } = await startApi(stores);
      const { status, body } = await get(`/api/rejections?${query}`);
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'ERR_QUERY_INVALID' });
    },
  );

  it('says 503 while MongoDB is away', async () => {
    const store = connectStore({ uri: NO_MONGO, appName: 'api-test', operationTimeoutMs: 500 });
    const { get } = await startApi({ ...stores, store });
    expect((await get('/api/rejections')).status).toBe(503);
    await store.close();
  });
});
