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
