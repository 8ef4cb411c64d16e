import type { FullSync, FullSyncs } from '@sluice/contracts/full-sync';

const AT = '2026-01-02T03:04:05.678Z';
const REASON = 'The weekly check.';

const planned: FullSync = {
  id: 'op_3b4c5d6e7f8091a2b3c4d5e6',
  ...{ mode: 'verify', state: 'planned', stateReason: null, reason: REASON, actor: 'ops' },
  ...{ deletes: 'few', adoptDataset: false, ratePerSecond: 20_000 },
  ...{ createdAt: AT, startedAt: null, endedAt: null, phase: 'waiting', collection: null },
  ...{ compared: 0, total: 0, missing: 0, extra: 0, unequal: 0 },
  ...{ lagging: 0, copied: 0, deleted: 0, kept: 0, refused: 0 },
  ...{ identical: null, collections: [], currentPerSecond: 0, etaSeconds: null },
  ...{ waitingFor: null, updatedAt: AT },
};

const tally = {
  ...{ compared: 40_000, total: 120_000, missing: 1, extra: 0, unequal: 0 },
  ...{ lagging: 2, copied: 0, deleted: 0, kept: 0, refused: 0 },
};

const running: FullSync = {
  ...planned,
  ...{ state: 'running', startedAt: AT, phase: 'comparing', collection: 'raw_events', ...tally },
  ...{ currentPerSecond: 16_000, etaSeconds: 5 },
  collections: [
    {
      ...{ name: 'raw_events', state: 'comparing', ...tally },
      samples: [
        {
          ...{ kind: 'missing', id: '"evt_5f1d7a84db00d2fce00b31a7fc73224f"' },
          ...{ since: '2026-01-02T02:59:05.678Z', ageSeconds: 300 },
        },
      ],
    },
  ],
};

const syncs: FullSyncs = { current: running, last: null, lastVerifiedAt: null };

/** What is sent to the routes of full syncs, by path. */
export const FULL_SYNC_REQUESTS: Readonly<Record<string, unknown>> = {
  '/api/sync/full': { mode: 'verify', reason: REASON },
};

/** What they answer, by method and path. */
export const FULL_SYNC_ANSWERS: Readonly<Record<string, unknown>> = {
  'get /api/sync/full': syncs,
  'post /api/sync/full': planned,
  'post /api/sync/full/pause': { ...running, state: 'paused', stateReason: 'Paused by ops.' },
  'post /api/sync/full/resume': running,
  'post /api/sync/full/cancel': {
    ...running,
    ...{ state: 'cancelled', stateReason: 'Cancelled by ops.', endedAt: AT, phase: 'ended' },
    ...{ currentPerSecond: 0, etaSeconds: null },
  },
};
