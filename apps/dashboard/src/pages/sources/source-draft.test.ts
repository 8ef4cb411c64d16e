import { sourceBodySchema } from '@sluice/contracts/sources-api';
import { expect, it } from 'vitest';
import { EMPTY_DRAFT, SCHEMES, toSourceBody } from './source-draft.ts';

it.each(SCHEMES)('makes a source that is signed by %s', (scheme) => {
  const body = toSourceBody('push', {
    ...EMPTY_DRAFT,
    id: 'shop',
    scheme,
    secret: 's3cret',
    perSecond: '50',
  });
  const source = sourceBodySchema.parse(body);
  expect(source).toMatchObject({
    id: 'shop',
    kind: 'push',
    scheme: { type: scheme },
    rateLimit: { perSecond: 50 },
  });
});

it.each(['timestamp', 'id', 'page', 'link'])('makes a source that is polled by %s', (cursor) => {
  const draft = {
    ...EMPTY_DRAFT,
    id: 'erp',
    url: 'https://erp.example.com/',
    cursor,
    auth: 'bearer',
    secret: 'x',
  };
  expect(sourceBodySchema.parse(toSourceBody('poll', draft))).toMatchObject({
    ...{ id: 'erp', kind: 'poll', cursor: { kind: cursor } },
    auth: { type: 'bearer', secret: { value: 'x' } },
  });
});

it('leaves to the server what is missing', () => {
  const found = sourceBodySchema.safeParse(toSourceBody('poll', EMPTY_DRAFT)).error?.issues ?? [];
  expect(found.map(({ path }) => path.join('/'))).toEqual(expect.arrayContaining(['id', 'url']));
});
