import type { FullSync, FullSyncs } from '@sluice/contracts/full-sync';
import type { ComparedDocument, SyncDifferences } from '@sluice/contracts/sync-differences';

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

const EVENT_ID = '"evt_5f1d7a84db00d2fce00b31a7fc73224f"';

const differences: SyncDifferences = {
  run: {
    ...{ id: planned.id, mode: 'verify', actor: 'ops', reason: REASON, startedAt: AT, endedAt: AT },
    ...{ compared: 120_000, lagging: 2 },
  },
  collections: [
    {
      ...{ name: 'normalized_events', compared: 60_000, missing: 0, extra: 0, unequal: 1 },
      differences: [
        {
          ...{ kind: 'unequal', id: EVENT_ID, since: '2026-01-02T02:59:05.678Z' },
          ...{ ageSeconds: 300, mendedAt: null },
        },
      ],
    },
  ],
};

const compared: ComparedDocument = {
  ...{ collection: 'normalized_events', id: EVENT_ID, readAt: AT, onPrimary: true, onBackup: true },
  ...{ equal: false, orderDiffers: false, fieldCount: 2 },
  fields: [
    { path: '_id', primary: EVENT_ID, backup: EVENT_ID, differs: false, hidden: false },
    { path: 'data.amount', primary: '49.9', backup: '94.9', differs: true, hidden: false },
  ],
};

/** What is sent to the routes of full syncs, by path. */
export const FULL_SYNC_REQUESTS: Readonly<Record<string, unknown>> = {
  '/api/sync/full': { mode: 'verify', reason: REASON },
};

/** What they answer, by method and path. */
export const FULL_SYNC_ANSWERS: Readonly<Record<string, unknown>> = {
  'get /api/sync/differences': differences,
  'get /api/sync/differences/document': compared,
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
