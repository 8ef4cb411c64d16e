import { randomBytes } from 'node:crypto';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { DeadFilter, OperationDocument } from '@sluice/contracts/operations';
import { NOW, newRaw } from './documents.ts';

/** The fingerprints of the groups that tests use. */
export const PRINTS = ['1-0000000000000001', '1-0000000000000002'] as const;

/** Makes a dead letter. */
export function newDead(fields: Partial<RawEventDocument> = {}): RawEventDocument {
  return newRaw({
    ...{ status: 'dead', code: 'ERR_FIELD_REQUIRED', message: 'The field "a" is missing.' },
    fingerprint: PRINTS[0],
    ...fields,
  });
}

/** Makes a replay, as the api keeps it. */
export function newReplay(
  tenant: string,
  filter: Partial<DeadFilter> = {},
  fields: Partial<OperationDocument> = {},
): OperationDocument {
  const watermark = new Date();
  return {
    ...{ _id: `op_${randomBytes(12).toString('hex')}`, tenant, kind: 'replay', event: null },
    ...{ state: 'planned', stateReason: null, open: true, filter: { status: 'dead', ...filter } },
    ...{ watermark, planned: 0, claimed: 0, frozenAt: null, ratePerSecond: 20, stopAtFailureShare: 0.5 },
    plan: {
      ...{ count: 0, bySource: {}, byFingerprint: {}, oldest: null, newest: null },
      watermark: watermark.toISOString(),
    },
    ...{ reason: 'a test', actor: 'tester', createdAt: NOW, endedAt: null, currentPerSecond: 0 },
    ...{ waitingFor: null, judgedFrom: { outcomes: 0, failedAgain: 0 }, moves: 0, fence: 0 },
    ...fields,
  };
}
