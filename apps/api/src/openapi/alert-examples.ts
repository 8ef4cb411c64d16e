import type { Alert, AlertList } from '@sluice/contracts/alerts';

const firing: Alert = {
  ...{ id: 'alr_5f1d7a84db00d2fce00b31a7', kind: 'dead-letters', subject: 'ERR_FIELD_REQUIRED' },
  ...{ state: 'firing', since: '2026-01-02T03:04:05.678Z', resolvedAt: null, value: 3, unit: 'events' },
  text: '3 events died with ERR_FIELD_REQUIRED: find the cause on the page of dead letters, mend it, then replay or discard them.',
  ...{ dashboard: '/dead-letters', notices: 1, noticedAt: '2026-01-02T03:04:05.678Z', unsent: 0 },
};

const resolved: Alert = {
  ...{ id: 'alr_4be1d2c3f4a5968778695a4b', kind: 'lag', subject: 'queue', state: 'resolved' },
  ...{ since: '2026-01-02T02:00:00.000Z', resolvedAt: '2026-01-02T02:10:30.000Z' },
  ...{ value: 95, unit: 'seconds', text: 'Events wait in the queue no longer than they may.' },
  ...{ dashboard: '/overview', notices: 2, noticedAt: '2026-01-02T02:10:30.000Z', unsent: 0 },
};

const alerts: AlertList = { firing: [firing], resolved: [resolved] };

/** What the route of alerts answers when all is well, by method and path. */
export const ALERT_ANSWERS = { 'get /api/alerts': alerts } as const;
