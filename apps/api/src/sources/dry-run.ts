import type { Mapping } from '@sluice/contracts/mapping';
import type { DryRun } from '@sluice/contracts/sources-api';
import { toContentHash } from '@sluice/normalizer/content-hash';
import { findRoundedNumbers } from '@sluice/normalizer/rounded-number';
import { parseSafeJson } from '@sluice/normalizer/safe-json';
import { createTrialNormalizer, type TrialWorkers } from '@sluice/normalizer/trial-normalizer';
import { toReason } from './mapping-trial.ts';

/** What a payload is tried with; without a mapping the built-in types. */
export type DryRunInput = {
  readonly tenant: string;
  readonly source: string;
  readonly active: { readonly revision: number | null; readonly mapping: Mapping } | null;
  /** The type that the source declares. */
  readonly type?: string | undefined;
  readonly workers: TrialWorkers;
  /** As it was sent: written again, its numbers could be others. */
  readonly payloadText: string;
  readonly schemaVersion: number;
  readonly nowMs: number;
};

/**
 * Makes the record of a payload as a worker would; writes nothing.
 *
 * @throws ProblemException ERR_UNSAFE_KEY and the like, as ingest does for such a payload
 */
export function runDry({
  tenant,
  source,
  active,
  type,
  workers,
  payloadText,
  schemaVersion,
  nowMs,
}: DryRunInput): DryRun {
  const { value: payload, exact } = parseSafeJson(payloadText);
  const contentHash = toContentHash({ source, payload, exact, body: Buffer.from(payloadText) });
  const receivedAt = new Date(nowMs).toISOString();
  const result = createTrialNormalizer(active, workers).normalize({
    ...{ tenant, source, contentHash, payload, schemaVersion, receivedAt },
    ...(exact ? {} : { rounded: findRoundedNumbers(payloadText) }),
    ...(type === undefined ? {} : { type }),
  });
  if (result.kind !== 'record') {
    const { code, field, message } = toReason(result, workers);
    return { ok: false, record: null, lineage: {}, warnings: [], errors: [{ code, field, detail: message }] };
  }
  const { lineage, warnings, ...record } = result.record;
  return { ok: true, record, lineage: { ...lineage }, warnings: [...warnings], errors: [] };
}
