import type { DryRun, RevisionAnswer, SourceDetail, SourceItem } from '@sluice/contracts/sources-api';

const AT = '2026-01-02T03:04:05.678Z';

const pushed: SourceItem = {
  ...{ id: 'shop', kind: 'push', owner: 'api', active: true, paused: false, revision: 1 },
  ...{ updatedAt: AT, mappingRevision: 2 },
  source: {
    ...{ id: 'shop', kind: 'push', schemaVersion: 1, bodies: ['json'] },
    scheme: { type: 'github' },
    secrets: [
      { set: true, index: 0, expiresAt: '2026-02-01T00:00:00Z' },
      { set: true, index: 1 },
    ],
  },
};

const polled: SourceDetail = {
  ...{ id: 'erp', kind: 'poll', owner: 'file', active: true, paused: false, revision: 4 },
  ...{ updatedAt: AT, mappingRevision: null },
  source: {
    ...{ id: 'erp', kind: 'poll', url: 'https://erp.example.com/orders', schedule: '*/30 * * * * *' },
    ...{ idPath: 'id', cursor: { kind: 'timestamp', param: 'since', path: 'updated_at', lookback: 60 } },
    auth: { type: 'bearer', secret: { env: 'ERP_TOKEN' } },
  },
  polling: {
    nextRunAt: '2026-01-02T03:04:30.000Z',
    lagSeconds: 5,
    waitingUntil: null,
    runs: [
      {
        ...{ startedAt: '2026-01-02T03:04:00.012Z', endedAt: '2026-01-02T03:04:00.845Z', outcome: 'polled' },
        ...{ manual: false, pages: 2, records: 120, accepted: 117, duplicates: 3, rejected: 0 },
        problems: { count: 0, first: [] },
        ...{ cursorBefore: '2026-01-02T03:02:58Z', cursorAfter: '2026-01-02T03:03:57Z' },
        ...{ scheduler: 'scheduler-1f2e3d4c5b6a', error: null, waitingUntil: null },
      },
    ],
  },
};

const mapping = {
  type: 'sale',
  fields: {
    amount: { from: ['price.gross', 'total'], as: 'number', required: true },
    timestamp: { from: 'at', as: 'date' },
  },
  dedupe: { fields: ['amount', 'timestamp'] },
};

const revision: RevisionAnswer = {
  ...{ source: 'shop', revision: 2, state: 'active', owner: 'api', createdAt: AT, createdBy: 'ada' },
  ...{ activatedAt: AT, activatedBy: 'ada', retiredAt: null },
  mapping: {
    type: 'sale',
    fields: {
      amount: { from: ['price.gross', 'total'], as: 'number', required: true },
      timestamp: { from: ['at'], as: 'date', required: false },
    },
    versions: {},
    dedupe: { fields: ['amount', 'timestamp'] },
    keepUnknown: true,
  },
  trial: {
    ...{ at: AT, tried: 100, passed: 99, failed: 1, skipped: 0, changed: 12, added: 1, isWhole: false },
    failures: [
      {
        ...{
          code: 'ERR_FIELD_REQUIRED',
          field: 'amount',
          count: 1,
          message: 'The field amount is missing: there is no value at /price/gross, /total.',
        },
        events: ['evt_5f1d7a84db00d2fce00b31a7fc73224f'],
      },
    ],
    warnings: [],
  },
  unusable: null,
  forced: { at: AT, reason: 'The one event is a test of the sender.' },
};

const draft: RevisionAnswer = {
  ...revision,
  ...{ state: 'draft', activatedAt: null, activatedBy: null, forced: null },
};

const dryRun: DryRun = {
  ok: true,
  record: {
    ...{ type: 'sale', subject: null, timestamp: '2026-01-02T03:04:05.000Z', data: { amount: 12.5 } },
    ...{ schemaVersion: 1, mappingRevision: null },
    normalizedHash: '4be1d2c3f4a5968778695a4b3c2d1e0f1a2b3c4d5e6f708192a3b4c5d6e7f809',
  },
  lineage: {
    amount: { from: '/price/gross', rule: 'mapping', conversion: 'string to number' },
    timestamp: { from: '/at', rule: 'mapping', conversion: 'epoch seconds to UTC' },
  },
  warnings: [],
  errors: [],
};

const newSource = {
  ...{ id: 'shop', kind: 'push', scheme: 'github' },
  secrets: [{ value: 'older', expiresAt: '2026-02-01T00:00:00Z' }, { value: 'newer' }],
};

/** What is sent to the routes of sources and mappings, by path. */
export const SOURCE_REQUESTS: Readonly<Record<string, unknown>> = {
  '/api/sources': newSource,
  '/api/sources/{id}': pushed.source,
  '/api/sources/{id}/cursor': { reset: true, reason: 'A wrong id in the future hid what came after it.' },
  '/api/sources/{id}/mapping': mapping,
  '/api/sources/{id}/mapping/{revision}/trial': { count: 500 },
  '/api/sources/{id}/mapping/{revision}/activate': {
    force: true,
    reason: 'The one event is a test of the sender.',
  },
  '/api/mappings/dry-run': { mapping, payload: { price: { gross: '12.50' }, at: 1_767_323_045 } },
};

/** What they answer, by method and path. */
export const SOURCE_ANSWERS: Readonly<Record<string, unknown>> = {
  'get /api/sources': { items: [pushed], nextCursor: null },
  'post /api/sources': pushed,
  'get /api/sources/{id}': polled,
  'put /api/sources/{id}': pushed,
  'delete /api/sources/{id}': { ...pushed, active: false },
  'post /api/sources/{id}/pause': { ...pushed, paused: true },
  'post /api/sources/{id}/resume': pushed,
  'post /api/sources/{id}/poll': { source: 'erp', queued: true },
  'post /api/sources/{id}/cursor': { source: 'erp', reset: true },
  'get /api/sources/{id}/mapping': { items: [revision], nextCursor: null },
  'get /api/sources/{id}/mapping/{revision}': revision,
  'post /api/sources/{id}/mapping': draft,
  'post /api/sources/{id}/mapping/{revision}/trial': draft,
  'post /api/sources/{id}/mapping/{revision}/activate': revision,
  'post /api/sources/{id}/mapping/{revision}/retire': { ...revision, state: 'retired', retiredAt: AT },
  'post /api/mappings/dry-run': dryRun,
};
