import type { Aggregates } from '@sluice/contracts/aggregates';
import type {
  Accepted,
  BatchAnswer,
  EventDetail,
  NormalizedItem,
  RawItem,
  RejectionItem,
  Stats,
  Vitals,
} from '@sluice/contracts/api';
import type { Problem } from '@sluice/contracts/errors';
import { ERRORS, type ProblemCode, toStatus } from '@sluice/contracts/errors';
import type { HourlyStats } from '@sluice/contracts/hourly-stats';
import type { RecentStats } from '@sluice/contracts/recent-stats';
import type { StatsHistory } from '@sluice/contracts/stats-history';
import { ACCESS_ANSWERS, ACCESS_REQUESTS } from './access-examples.ts';
import { ALERT_ANSWERS } from './alert-examples.ts';
import { FULL_SYNC_ANSWERS, FULL_SYNC_REQUESTS } from './full-sync-examples.ts';
import { OPERATION_ANSWERS, OPERATION_REQUESTS } from './operation-examples.ts';
import { QUEUE_ANSWERS } from './queue-examples.ts';
import { SOURCE_ANSWERS, SOURCE_REQUESTS } from './source-examples.ts';
import { SYNC_ANSWERS } from './sync-examples.ts';

const ID = 'evt_5f1d7a84db00d2fce00b31a7fc73224f';
const CONTENT_HASH = '9d1f6b0c3b5a4e0c8f3b8a9d7c6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e';
const NORMALIZED_HASH = '4be1d2c3f4a5968778695a4b3c2d1e0f1a2b3c4d5e6f708192a3b4c5d6e7f809';

const accepted: Accepted = { id: ID, status: 'accepted', duplicate: false };

const raw: RawItem = {
  id: ID,
  source: 'shop',
  client_id: 'shop',
  via: 'api',
  status: 'normalized',
  receivedAt: '2026-01-02T03:04:05.678Z',
  attempts: 1,
  schemaVersion: 1,
  idempotencyKey: 'order-4711',
  keyOrigin: 'header',
  contentHash: CONTENT_HASH,
  contentType: 'application/json',
  sizeBytes: 82,
  duplicateOf: null,
  duplicateLevel: null,
  code: null,
  message: null,
  conflictOf: null,
  fingerprint: null,
  discarded: null,
  replay: null,
};

const normalized: NormalizedItem = {
  id: ID,
  source: 'shop',
  client_id: 'shop',
  type: 'metric',
  subject: 'sales',
  timestamp: '2026-01-02T03:04:05.000Z',
  data: { metric: 'sales', amount: 12.5 },
  normalizedHash: NORMALIZED_HASH,
  schemaVersion: 1,
  mappingRevision: null,
  lineage: { amount: { from: 'price', rule: 'alias', conversion: 'string to number' } },
  warnings: [],
  receivedAt: '2026-01-02T03:04:05.678Z',
  storedAt: '2026-01-02T03:04:05.712Z',
};

const detail: EventDetail = {
  id: ID,
  status: 'normalized',
  raw: {
    ...raw,
    conflicts: [],
    headers: { 'content-type': 'application/json', 'idempotency-key': 'order-4711' },
    payload: { metric: 'sales', price: '12.50', at: 1767323045 },
    payloadNote: null,
  },
  normalized,
  timeline: [
    { at: '2026-01-02T03:04:05.678Z', step: 'received', detail: 'Received from shop by the api.' },
    { at: '2026-01-02T03:04:05.678Z', step: 'queued', detail: 'Queued in the batch ingest-1f2e3d4c5b6a-42.' },
    { at: '2026-01-02T03:04:05.712Z', step: 'attempt', detail: 'Attempt 1 succeeded.', run: 0, attempt: 1 },
    { at: '2026-01-02T03:04:05.712Z', step: 'outcome', detail: 'Became a normalized event.' },
  ],
  duplicate: null,
};

const stats: Stats = {
  byStatus: { pending: 3, processing: 2, normalized: 970, duplicate: 21, failed: 1, dead: 3 },
  duplicates: { raw: 14, normalized: 7 },
  rates: {
    lastMinute: { accepted: 60, normalized: 58, duplicate: 2, dead: 0, failed: 1 },
    lastFiveMinutes: { accepted: 48.2, normalized: 47, duplicate: 1, dead: 0.2, failed: 0.4 },
  },
  queue: { waiting: 3, active: 2, delayed: 1, failed: 3, parked: 0 },
  oldestWaitingMs: 120,
  inbox: 0,
  ledger: {
    accepted: 1000,
    normalized: 970,
    duplicate: 21,
    dead: 3,
    inFlight: 6,
    merged: 4,
    unaccounted: 0,
    unaccountedBatches: [],
    balanced: true,
    complete: true,
  },
};

const recentStats: RecentStats = {
  stepSeconds: 60,
  buckets: [
    {
      ...{ at: '2026-01-02T03:04:00.000Z', accepted: 120, normalized: 117, duplicate: 2, dead: 1, failed: 0 },
      ...{ rejected: 3, latency: { '3': 90, '4': 29 } },
    },
  ],
  sources: [{ source: 'shop', accepted: 120, normalized: 117, duplicate: 2, dead: 1, failed: 0 }],
  knownFrom: null,
  rejectedKnownFrom: null,
};

const hourlyStats: HourlyStats = {
  hours: [
    {
      hour: '2026-01-02T03:00:00.000Z',
      source: 'shop',
      accepted: 995,
      normalized: 970,
      duplicate: 21,
      dead: 3,
      failed: 1,
      pending: 0,
      latency: { '3': 800, '4': 191 },
    },
  ],
  rejected: [{ hour: '2026-01-02T03:00:00.000Z', count: 12 }],
  rejectedKnownFrom: null,
  totals: { accepted: 995, normalized: 970, duplicate: 21, dead: 3, failed: 1, pending: 0 },
};

const statsHistory: StatsHistory = {
  stepSeconds: 30,
  buckets: [
    {
      at: '2026-01-02T03:04:00.000Z',
      queue: { waiting: 12, active: 4, delayed: 1, failed: 3, parked: 0, oldestWaitingMs: 240 },
      replicationLagMs: 300,
    },
    { at: '2026-01-02T03:04:30.000Z', queue: null, replicationLagMs: null },
  ],
  hasBackup: true,
  marks: [
    { at: '2026-01-02T03:04:12.000Z', kind: 'mapping', subject: 'shop', revision: 3 },
    { at: '2026-01-02T03:04:05.678Z', kind: 'deploy', subject: '0.1.0', revision: null, apps: ['worker'] },
  ],
};

const aggregates: Aggregates = {
  series: [
    {
      bucket: '2026-01-02T00:00:00.000Z',
      source: 'shop',
      metric: 'sales',
      count: 3,
      sum: 30,
      min: 5.5,
      max: 12.5,
      avg: 10,
    },
  ],
  events: [{ bucket: '2026-01-02T00:00:00.000Z', source: 'shop', type: 'metric', count: 3 }],
  totals: { count: 3, sum: 30, min: 5.5, max: 12.5, avg: 10, events: 3, leftOut: 0 },
};

const vitals: Vitals = {
  total: 1,
  resources: [{ deviceId: 'watch-7', timestamp: 1767323045, heartRate: 62, breathRate: 14 }],
};

const batch: BatchAnswer = {
  accepted: 1,
  duplicates: 0,
  rejected: 1,
  results: [
    { index: 0, id: ID, duplicate: false },
    {
      index: 1,
      code: 'ERR_UNSAFE_KEY',
      detail: 'The key $where is not allowed.',
    },
  ],
};

const rejection: RejectionItem = {
  id: '6957320560d1f2a3b4c5d6e7',
  at: '2026-01-02T03:04:05.678Z',
  source: 'github',
  code: 'ERR_SIGNATURE_INVALID',
  status: 401,
  cause: 'signature-mismatch',
  detail: 'Check the name of the source, the secret, and that the raw bytes are signed.',
  requestId: 'req_0f9c1a52-6a3e-4b62-9d7c-2f6f0a4f1b7d',
  method: 'POST',
  path: '/hooks/github',
  remote: '203.0.113.7',
  headers: { 'content-type': 'application/json', 'x-hub-signature-256': '***' },
  body: '{"action":"opened","number":7}',
  bodyEncoding: 'utf8',
};

/** What is posted where, by path. */
export const REQUEST_EXAMPLES: Readonly<Record<string, unknown>> = {
  '/api/events': { source: 'shop', payload: { metric: 'sales', price: '12.50', at: 1767323045 } },
  '/api/events/batch': [
    { source: 'shop', payload: { metric: 'sales', price: '12.50', at: 1767323045 } },
    { source: 'shop', payload: { $where: 1 } },
  ],
  '/hooks/{source}': { action: 'opened', number: 7 },
  '/api/maintenance': { on: true },
  ...SOURCE_REQUESTS,
  ...OPERATION_REQUESTS,
  ...FULL_SYNC_REQUESTS,
  ...ACCESS_REQUESTS,
  '/vital-data': { device: 'watch-7', timestamp: 1767323045, heartRateValue: 62, breathRateValue: 14 },
};

/** What is answered when all is well, by method and path. */
export const ANSWER_EXAMPLES: Readonly<Record<string, unknown>> = {
  'get /api/events/{id}': detail,
  'get /api/events/{id}/body': '{"metric":"sales","price":"12.50"}',
  'get /api/events/raw': { items: [raw], nextCursor: null },
  'get /api/events/normalized': { items: [normalized], nextCursor: 'WzE3NjczMjMwNDUwMDAsImV2dF81Zi4uLiJd' },
  'get /api/events/stats': stats,
  'get /api/events/stats/history': statsHistory,
  'get /api/events/stats/hourly': hourlyStats,
  'get /api/events/stats/recent': recentStats,
  'get /api/aggregates': aggregates,
  'get /vital-data': vitals,
  'get /api/maintenance': { on: false, since: null },
  'post /api/maintenance': { on: true, since: '2026-01-02T03:04:05.678Z' },
  ...SOURCE_ANSWERS,
  ...OPERATION_ANSWERS,
  ...FULL_SYNC_ANSWERS,
  ...SYNC_ANSWERS,
  ...QUEUE_ANSWERS,
  ...ACCESS_ANSWERS,
  ...ALERT_ANSWERS,
  'post /api/events': accepted,
  'post /api/events/batch': batch,
  'get /api/rejections': { items: [rejection], nextCursor: null },
  'post /hooks/{source}': accepted,
  'post /hooks/{source} 200': { challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd' },
  'post /vital-data': accepted,
  'get /livez': { status: 'alive' },
  'get /readyz': { status: 'ready', checks: { mongodb: { ok: true }, redis: { ok: true } } },
};

/** Makes an example of a problem. */
export function toProblemExample(code: ProblemCode): Problem {
  const { title } = ERRORS[code];
  const instance = 'req_0f9c1a52-6a3e-4b62-9d7c-2f6f0a4f1b7d';
  const type = `/docs/errors#${code}`;
  return { type, title, status: toStatus(code), code, detail: title, instance };
}
