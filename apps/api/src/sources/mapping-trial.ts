import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ProblemException } from '@sluice/contracts/errors';
import type { NormalizedRecord } from '@sluice/contracts/event';
import type { MappingTrial, StoredMapping, TrialGroup } from '@sluice/contracts/mapping';
import { KNOWN_SCHEMA_VERSIONS, type NormalizeResult, type Normalizer } from '@sluice/normalizer/normalize';
import { readWholePayload, type WholePayload } from '@sluice/normalizer/read-payload';
import { createTrialNormalizer, type TrialWorkers } from '@sluice/normalizer/trial-normalizer';
import type { TrialEvent } from '@sluice/store/trial-events';
import { toPayloadBody } from '../detail/payload.ts';

/** Events after which other requests have their turn. */
const TURN_EVENTS = 50;

/** How many events a group names, and how many groups there are. */
const MAX_EXAMPLES = 5;
const MAX_GROUPS = 50;

/** A trial this old tells nothing of what came since, in ms. */
const MAX_AGE_MS = 60 * 60 * 1000;

/** So many of the newest events must have been tried, where there are as many. */
const MIN_TRIED = 100;

/** Runs a revision over stored events, as the workers would if it were active; writes nothing. */
export async function runTrial(
  tried: StoredMapping,
  { events, isWhole }: { readonly events: readonly TrialEvent[]; readonly isWhole: boolean },
  workers: TrialWorkers,
  nowMs: number,
): Promise<MappingTrial> {
  const normalizer = createTrialNormalizer(tried, workers);
  const failures = createGroups();
  const warnings = createGroups();
  const counts = { tried: events.length, passed: 0, failed: 0, skipped: 0, changed: 0, added: 0 };
  for (const [index, event] of events.entries()) {
    if (index % TURN_EVENTS === TURN_EVENTS - 1) await nextTurn();
    const payload = readStoredPayload(event);
    if (payload === undefined) {
      counts.skipped += 1;
      continue;
    }
    const result = normalizeEvent(normalizer, event, payload);
    if (result.kind !== 'record') {
      counts.failed += 1;
      failures.add(event.raw._id, toReason(result, workers));
      continue;
    }
    counts.passed += 1;
    if (event.record === null && event.raw.normalizedHash === undefined) counts.added += 1;
    else if (isChanged(event, result.record)) counts.changed += 1;
    for (const { code, field = null, detail } of result.record.warnings) {
      warnings.add(event.raw._id, { code, field, message: detail });
    }
  }
  return { at: new Date(nowMs), ...counts, isWhole, failures: failures.list(), warnings: warnings.list() };
}

/** Says why no clean trial speaks for a revision; null when one does, or none is needed. */
export function findObjection(
  { state, trial }: StoredMapping,
  hasEvents: boolean,
  nowMs: number,
): string | null {
  // What was active before may be active again at once: that is what rolling back is for.
  if (state === 'retired' || !hasEvents) return null;
  if (trial === undefined) return 'It was never tried on the stored events of the source.';
  if (trial.failed > 0) return `${trial.failed} of ${trial.tried} events failed in its last trial.`;
  if (!trial.isWhole && trial.tried < MIN_TRIED) {
    return `Its last trial saw the newest ${trial.tried} events; at least ${MIN_TRIED} are needed.`;
  }
  if (nowMs - trial.at.getTime() > MAX_AGE_MS) return 'Its last trial is more than an hour old.';
  return null;
}

/** Returns undefined when the bytes hold no payload: no mapping could help. */
function readStoredPayload({ raw }: TrialEvent): WholePayload | undefined {
  try {
    return readWholePayload(toPayloadBody(raw));
  } catch (error) {
    if (error instanceof ProblemException) return undefined;
    throw error;
  }
}

function normalizeEvent(
  normalizer: Pick<Normalizer, 'normalize'>,
  { raw }: TrialEvent,
  payload: WholePayload,
): NormalizeResult {
  const { tenant, source, contentHash, schemaVersion } = raw;
  const receivedAt = raw.receivedAt.toISOString();
  return normalizer.normalize({ tenant, source, contentHash, schemaVersion, receivedAt, ...payload });
}

/** Says why a payload has no record. */
export function toReason(
  result: Exclude<NormalizeResult, { kind: 'record' }>,
  { supportedVersions = KNOWN_SCHEMA_VERSIONS }: TrialWorkers,
) {
  if (result.kind === 'refused') {
    return { code: result.code, field: result.field ?? null, message: result.message };
  }
  const known = supportedVersions.join(', ');
  const message = `Workers take the schema versions ${known} (SUPPORTED_SCHEMA_VERSIONS) and those that a mapping names, not ${result.version}: such events are parked.`;
  return { code: 'ERR_VERSION_UNKNOWN', field: null, message };
}

/** A duplicate has no record of its own: it is another when it would no longer be the same as its twin. */
function isChanged({ raw, record }: TrialEvent, now: NormalizedRecord): boolean {
  if (record === null) return raw.normalizedHash !== now.normalizedHash;
  const { type, subject, timestamp, data } = record;
  const stored = { type, subject, timestamp: timestamp?.toISOString() ?? null, data };
  return !isDeepStrictEqual(stored, {
    ...{ type: now.type, subject: now.subject, timestamp: now.timestamp, data: now.data },
  });
}

function createGroups() {
  const groups = new Map<
    string,
    { group: Omit<TrialGroup, 'events' | 'count'>; count: number; events: string[] }
  >();
  return {
    add(event: string, group: { code: string; field: string | null; message: string }): void {
      const key = `${group.code} ${group.field}`;
      const known = groups.get(key) ?? { group, count: 0, events: [] };
      known.count += 1;
      if (known.events.length < MAX_EXAMPLES && known.events.at(-1) !== event) known.events.push(event);
      groups.set(key, known);
    },
    list: (): TrialGroup[] =>
      [...groups.values()]
        .map(({ group, count, events }) => ({ ...group, count, events }))
        .toSorted((left, right) => right.count - left.count)
        .slice(0, MAX_GROUPS),
  };
}
