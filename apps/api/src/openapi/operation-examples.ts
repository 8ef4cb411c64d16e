import type { DeadLetters } from '@sluice/contracts/dead-letters';
import type { Discard, OperationPlan, Replay, ReplayDetail } from '@sluice/contracts/operations';

const AT = '2026-01-02T03:04:05.678Z';
const DIED = 'evt_5f1d7a84db00d2fce00b31a7fc73224f';
const FINGERPRINT = '1-9d1f6b0c3b5a4e0c';
const REASON = 'The mapping of the shop is mended.';

const plan: OperationPlan = {
  count: 120,
  bySource: { shop: 120 },
  byFingerprint: { [FINGERPRINT]: 120 },
  oldest: '2026-01-01T00:00:00.000Z',
  newest: '2026-01-02T02:00:00.000Z',
  watermark: AT,
};

const planned: Replay = {
  id: 'op_1f2e3d4c5b6a79880a1b2c3d',
  ...{ state: 'planned', stateReason: null, event: null, reason: REASON, actor: 'ops' },
  filter: { status: 'dead', fingerprint: FINGERPRINT },
  plan,
  ...{ createdAt: AT, startedAt: null, endedAt: null, planned: 120 },
  ...{ ratePerSecond: 20, stopAtFailureShare: 0.5 },
  ...{ enqueued: 0, succeeded: 0, duplicate: 0, failedAgain: 0, inFlight: 0 },
  ...{ remaining: 120, skipped: 0, stopped: 0 },
  ...{ currentPerSecond: 0, etaSeconds: null, waitingFor: null, settled: false },
};

const running: Replay = {
  ...planned,
  ...{ state: 'running', startedAt: AT, currentPerSecond: 20, etaSeconds: 3 },
  ...{ enqueued: 60, succeeded: 40, duplicate: 5, failedAgain: 5, inFlight: 10, remaining: 60 },
};

const detail: ReplayDetail = { ...running, failedAgainIds: [DIED], nextCursor: null };

const one: Replay = {
  ...planned,
  ...{ event: DIED, filter: { status: 'dead', ids: [DIED] }, planned: 1, remaining: 1 },
  plan: { ...plan, count: 1, bySource: { shop: 1 }, byFingerprint: { [FINGERPRINT]: 1 } },
};

const discard: Discard = {
  id: 'op_2a3b4c5d6e7f8091a2b3c4d5',
  ...{ state: 'planned', stateReason: null, event: null, reason: 'Events of a test.', actor: 'ops' },
  filter: { status: 'dead', fingerprint: FINGERPRINT, discarded: false },
  plan,
  ...{ createdAt: AT, startedAt: null, endedAt: null, planned: 120, discarded: 0 },
};

const deadLetters: DeadLetters = {
  ...{ total: 120, groups: 1 },
  window: { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T02:00:00.000Z' },
  items: [
    {
      ...{ fingerprint: FINGERPRINT, stage: 'map', code: 'ERR_FIELD_REQUIRED' },
      message: 'The field amount is missing.',
      ...{ count: 120, sources: { shop: 120 } },
      ...{ oldest: '2026-01-01T00:00:00.000Z', newest: '2026-01-02T02:00:00.000Z' },
      ...{ lastFiveMinutes: 20 },
      sampleIds: [DIED],
      sparkline: new Array<number>(24).fill(5),
    },
  ],
};

/** What is sent to the routes of replays and discards, by path. */
export const OPERATION_REQUESTS: Readonly<Record<string, unknown>> = {
  '/api/replays': { filter: { fingerprint: FINGERPRINT }, dryRun: true, ratePerSecond: 20, reason: REASON },
  '/api/events/{id}/replay': { reason: REASON },
  '/api/discards': { filter: { fingerprint: FINGERPRINT }, dryRun: true, reason: 'Events of a test.' },
  '/api/events/{id}/discard': { reason: 'An event of a test.' },
};

/** What they answer, by method and path. */
export const OPERATION_ANSWERS: Readonly<Record<string, unknown>> = {
  'post /api/replays 200': plan,
  'post /api/replays': planned,
  'post /api/events/{id}/replay': one,
  'get /api/replays': { items: [running], nextCursor: null },
  'get /api/replays/{id}': detail,
  'post /api/replays/{id}/pause': { ...running, state: 'paused', stateReason: 'Paused by ops.' },
  'post /api/replays/{id}/resume': running,
  'post /api/replays/{id}/cancel': {
    ...running,
    ...{ state: 'cancelled', stateReason: 'Cancelled by ops.', endedAt: AT },
    ...{ remaining: 0, stopped: 60, currentPerSecond: 0, etaSeconds: null },
  },
  'post /api/discards 200': plan,
  'post /api/discards': discard,
  'post /api/events/{id}/discard': { ...discard, event: DIED, planned: 1 },
  'get /api/discards/{id}': { ...discard, state: 'done', endedAt: AT, discarded: 120 },
  'get /api/dead-letters': deadLetters,
};
