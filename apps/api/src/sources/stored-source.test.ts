import type { Role } from '@sluice/contracts/access';
import { sourceBodySchema } from '@sluice/contracts/sources-api';
import { createSecretBox } from '@sluice/sources/secret-box';
import { describe, expect, it } from 'vitest';
import { toStoredSource } from './stored-source.ts';

const box = createSecretBox({ key: Buffer.alloc(32, 7).toString('base64') });

const INTERNAL = {
  ...{ id: 'internal', kind: 'poll', url: 'http://127.0.0.1:5999/a', allowPrivate: true },
  ...{ schedule: '0 0 0 1 1 *', idPath: 'id', cursor: { kind: 'page', param: 'p' } },
};

function store(
  fields: object,
  { tenant = 'default', role = 'admin' as Role } = {},
  existing: object | null = null,
) {
  const body = sourceBodySchema.parse({ ...INTERNAL, ...fields });
  const before =
    existing === null
      ? null
      : toStoredSource(sourceBodySchema.parse({ ...INTERNAL, ...existing }), {
          ...{ tenant: 'default', role: 'admin', existing: null, box },
        });
  return toStoredSource(body, { tenant, role, existing: before, box });
}

describe('private addresses', () => {
  it('are allowed by an admin of the default tenant', () => {
    expect(store({})).toMatchObject({ allowPrivate: true });
  });

  it.each([
    ['an operator', { role: 'operator' as const }],
    ['an operator of another tenant', { tenant: 'evil', role: 'operator' as const }],
    ['an admin of another tenant', { tenant: 'evil' }],
  ])('are not by %s', (_, who) => {
    expect(() => store({}, who)).toThrow(
      expect.objectContaining({
        code: 'ERR_FORBIDDEN',
        errors: [{ pointer: '/allowPrivate', detail: expect.any(String) }],
      }),
    );
    expect(store({ allowPrivate: false }, who)).toMatchObject({ allowPrivate: false });
  });

  it('stay allowed where they were, for the same host alone', () => {
    const operator = { role: 'operator' as const };
    expect(store({ url: 'http://127.0.0.1:5999/b' }, operator, {})).toMatchObject({ allowPrivate: true });
    const forbidden = expect.objectContaining({ code: 'ERR_FORBIDDEN' });
    expect(() => store({ url: 'http://127.0.0.1:6000/a' }, operator, {})).toThrow(forbidden);
    expect(() => store({}, operator, { allowPrivate: false })).toThrow(forbidden);
  });
});
