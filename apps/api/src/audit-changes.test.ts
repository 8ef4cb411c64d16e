import { createKey } from '@sluice/protocol/api-key';
import { expect, it } from 'vitest';
import { toChanges } from './audit-changes.ts';

it('shows a body as JSON without its secrets', () => {
  const { key } = createKey();
  const body = {
    id: 'erp',
    secrets: [{ value: 'hunter2' }],
    auth: { type: 'bearer', secret: { value: 'hunter2' } },
    url: 'https://ada:hunter2@erp.example.com/orders?page=1&api_key=hunter2',
    note: `the key is ${key}`,
    key: 'hunter2',
    idempotencyKey: 'order-1',
  };
  const changes = toChanges(body) ?? '';
  expect(changes).not.toContain('hunter2');
  expect(changes).not.toContain(key);
  expect(JSON.parse(changes)).toEqual({
    id: 'erp',
    secrets: '***',
    auth: { type: 'bearer', secret: '***' },
    url: 'https://ada:***@erp.example.com/orders?page=1&api_key=***',
    note: 'the key is ***',
    key: '***',
    idempotencyKey: 'order-1',
  });
});

it('masks every secret parameter of an address, and no other', () => {
  const url = 'http://a/?page=1?token=hunter2&KEY=hunter2&x=?&my_secret_1=hunter2?y#sig=open';
  expect(toChanges({ url })).toBe(
    '{"url":"http://a/?page=1?token=***&KEY=***&x=?&my_secret_1=***#sig=open"}',
  );
});

it.each(['?key', '?', '?keykey', '&akey=&', 'a', '://', 'a://a:', '?x=key'])(
  'takes no longer than %s repeated is long',
  (part) => {
    const began = performance.now();
    toChanges({ text: `://${part.repeat(64_000 / part.length)}` });
    expect(performance.now() - began).toBeLessThan(500);
  },
);

it('cuts a long body, and shows none where there is none', () => {
  expect(toChanges({ name: 'x'.repeat(10_000) })).toHaveLength(4096);
  expect(toChanges(undefined)).toBeNull();
  expect(toChanges(null)).toBeNull();
});
