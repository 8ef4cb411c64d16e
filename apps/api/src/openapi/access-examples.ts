import type { ApiKey, SessionAnswer } from '@sluice/contracts/access';
import type { AuditItem } from '@sluice/contracts/audit';

const AT = '2026-01-02T03:04:05.678Z';

const key: ApiKey = {
  ...{ id: 'slk_4fK2mQ9xLr7B', name: 'shop', role: 'sender', sources: ['shop'], createdAt: AT },
  ...{ createdBy: 'ada', expiresAt: '2027-01-01T00:00:00.000Z', revokedAt: null },
  lastUsedAt: '2026-01-02T03:04:00.000Z',
};

const session: SessionAnswer = {
  ...{ tenant: 'default', name: 'ada', role: 'operator', keyId: 'slk_8sWz3TnV1cYd', sources: null },
  expiresAt: '2026-01-02T15:04:05.678Z',
  simulatesFailures: false,
};

const call: AuditItem = {
  ...{ id: '6957320560d1f2a3b4c5d6e7', at: AT, action: 'createSource', method: 'POST', path: '/api/sources' },
  actor: { keyId: 'slk_8sWz3TnV1cYd', name: 'ada', role: 'operator' },
  params: {},
  changes: '{"id":"shop","kind":"push","scheme":"github","secrets":"***"}',
  reason: null,
  ...{
    requestId: 'req_0f9c1a52-6a3e-4b62-9d7c-2f6f0a4f1b7d',
    remote: '203.0.113.7',
    status: 201,
    code: null,
  },
};

/** What is sent to the routes of keys and sessions, by path. */
export const ACCESS_REQUESTS: Readonly<Record<string, unknown>> = {
  '/api/keys': { name: 'shop', role: 'sender', sources: ['shop'], expiresAt: '2027-01-01T00:00:00Z' },
  '/api/session': { key: `slk_4fK2mQ9xLr7B_${'A'.repeat(43)}` },
};

/** What they answer, by method and path. */
export const ACCESS_ANSWERS: Readonly<Record<string, unknown>> = {
  'get /api/keys': { items: [key], nextCursor: null },
  'post /api/keys': { ...key, lastUsedAt: null, key: `slk_4fK2mQ9xLr7B_${'A'.repeat(43)}` },
  'delete /api/keys/{id}': { ...key, revokedAt: AT },
  'get /api/session': session,
  'post /api/session': session,
  'get /api/audit': { items: [call], nextCursor: null },
};
