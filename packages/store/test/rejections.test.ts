import type { ErrorCode } from '@sluice/contracts/errors';
import type { Rejection } from '@sluice/contracts/rejection';
import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { createRejections } from '../src/rejections.ts';
import { useDatabase } from './database.ts';
import { NOW } from './documents.ts';

const connection = useDatabase();
const rejections = createRejections(connection);

function newRejection(code: ErrorCode, fields: Partial<Rejection> = {}): Rejection {
  return {
    at: NOW,
    tenant: 'default',
    source: 'x',
    code,
    status: 401,
    detail: 'why',
    cause: 'wrong secret',
    requestId: 'r1',
    method: 'POST',
    path: '/hooks/x',
    remote: '::1',
    headers: { a: 'b' },
    body: Buffer.from('x'),
    ...fields,
  };
}

describe('rejections', () => {
  it('are counted by code', async () => {
    const codes = ['ERR_SIGNATURE_INVALID', 'ERR_JSON_INVALID', 'ERR_SIGNATURE_INVALID'] as const;
    await rejections.insertMany(codes.map((code) => newRejection(code)));
    await rejections.insertMany([]);
    expect(Object.fromEntries(await rejections.countByCode())).toEqual({
      ERR_SIGNATURE_INVALID: 2,
      ERR_JSON_INVALID: 1,
    });
  });

  it('are listed page by page, the newest first, by cause and by source', async () => {
    const fields = [
      { source: 'list-a', cause: 'signature-missing' },
      { source: 'list-b', cause: 'signature-missing' },
      { source: 'list-a', cause: 'list-only' },
      { source: null, cause: 'list-only' },
      { source: 'list-a', cause: 'list-only' },
    ];
    for (const [index, one] of fields.entries()) {
      await rejections.insertMany([
        newRejection('ERR_SIGNATURE_INVALID', { ...one, requestId: `list-${index}` }),
      ]);
    }
    const read = async (query: { readonly cause?: string; readonly source?: string }, limit: number) => {
      const pages: string[][] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const page = await rejections.list('default', {
          ...query,
          limit,
          ...(cursor === undefined ? {} : { cursor }),
        });
        pages.push(page.items.map(({ requestId }) => requestId));
        cursor = page.nextCursor;
      }
      return pages;
    };
    expect(await read({ cause: 'list-only' }, 2)).toEqual([['list-4', 'list-3'], ['list-2']]);
    expect(await read({ source: 'list-a' }, 1)).toEqual([['list-4'], ['list-2'], ['list-0']]);
    expect(await read({ source: 'list-a', cause: 'signature-missing' }, 5)).toEqual([['list-0']]);
    expect(await read({ cause: 'nothing' }, 5)).toEqual([[]]);
    await expect(rejections.list('default', { limit: 1, cursor: 'x' })).rejects.toMatchObject({
      code: 'ERR_QUERY_INVALID',
    });
  });

  it('are listed by an index, whether by cause or by source', async () => {
    for (const filter of [{ cause: 'list-only' }, { source: 'list-a' }]) {
      const plan = await toCollection(connection, 'rejections').find(filter).sort({ _id: -1 }).explain();
      const text = JSON.stringify(plan['queryPlanner'].winningPlan);
      expect(text).toContain('IXSCAN');
      expect(text).not.toContain('"SORT"');
    }
  });

  it.each([
    ['text', Buffer.from('{"a":"é"}'), '{"a":"é"}', 'utf8'],
    ['bytes', Buffer.from([0xff, 0x00]), '/wA=', 'base64'],
    [
      'text that is cut within a character',
      Buffer.from(`x${'é'.repeat(3000)}`),
      `x${'é'.repeat(2047)}`,
      'utf8',
    ],
    ['nothing', Buffer.alloc(0), '', 'utf8'],
  ])('show a body of %s', async (source, body, shown, bodyEncoding) => {
    await rejections.insertMany([newRejection('ERR_JSON_INVALID', { source, body })]);
    const { items } = await rejections.list('default', { source, limit: 1 });
    expect(items).toMatchObject([
      { source, body: shown, bodyEncoding, headers: { a: 'b' }, at: NOW.toISOString() },
    ]);
  });

  it('keep the beginning of what is long, whatever it is called', async () => {
    const headers = { _bsontype: 'Long', $odd: '1', 'x.y': 'v'.repeat(5000) };
    await rejections.insertMany([
      newRejection('ERR_INTERNAL', { body: Buffer.alloc(10_000, 1), path: 'p'.repeat(9000), headers }),
    ]);
    const stored = await toCollection(connection, 'rejections').findOne(
      { code: 'ERR_INTERNAL' },
      { promoteBuffers: true },
    );
    expect(stored?.body).toHaveLength(4096);
    expect(stored?.path).toHaveLength(1024);
    expect(stored?.headers).toEqual({ ...headers, 'x.y': 'v'.repeat(1024) });
  });
});
