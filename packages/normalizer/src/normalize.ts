import type { NormalizationWarning, NormalizedRecord } from '@sluice/contracts/event';
import { isJsonObject, type JsonObject, type JsonValue } from '@sluice/contracts/json';
import { type PayloadView, toPayloadView } from './aliases.ts';
import { toNormalizedHash } from './normalized-hash.ts';
import type { Reading, Refusal, RuleSet } from './rule-set.ts';
import { metricRules } from './types/metric.ts';
import { personRules } from './types/person.ts';
import { vitalsRules } from './types/vitals.ts';
import { findUpcast } from './upcasts.ts';
import { toWarning, WARNINGS } from './warnings.ts';

/** The schema versions that this build knows. */
export const KNOWN_SCHEMA_VERSIONS: readonly number[] = [1, 2];

/** The type of a record whose event named none and looks like no built-in one. */
const UNMAPPED_TYPE = 'unmapped';

/** An event's time this far after its arrival gets a warning. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

/** What a record is made from. */
export type NormalizeInput = {
  readonly tenant: string;
  readonly source: string;
  readonly contentHash: string;
  readonly payload: JsonValue;
  /** The type that the sender or the source's declaration names. */
  readonly type?: string;
  readonly schemaVersion: number;
  /** RFC 3339. */
  readonly receivedAt: string;
};

/** A record, or why there is none: `refused` is permanent, `unknown-version` is for another worker. */
export type NormalizeResult =
  | { readonly kind: 'record'; readonly record: NormalizedRecord }
  | Refusal
  | { readonly kind: 'unknown-version'; readonly version: number };

/** Turns payloads into records. */
export type Normalizer = {
  /** Makes the record of an event. Never throws, whatever the payload. */
  normalize(input: NormalizeInput): NormalizeResult;
  /** Tells whether this normalizer knows a schema version. */
  isSupported(version: number): boolean;
};

/** The built-in types in the order in which a payload is compared with them. */
const RULE_SETS: readonly RuleSet[] = [vitalsRules, metricRules, personRules];

/**
 * Creates a normalizer for the schema versions that this worker supports (default: all it knows). Events of an
 * older version are upcast to the newest of them.
 */
export function createNormalizer(
  options: { readonly supportedVersions?: readonly number[] } = {},
): Normalizer {
  const supported = new Set(options.supportedVersions ?? KNOWN_SCHEMA_VERSIONS);
  const newest = Math.max(...supported);
  return {
    isSupported: (version) => supported.has(version),
    normalize(input) {
      const { payload, type, schemaVersion } = input;
      if (!supported.has(schemaVersion)) return { kind: 'unknown-version', version: schemaVersion };
      const named = RULE_SETS.find((rules) => rules.type === type);
      if (!isJsonObject(payload)) return { kind: 'record', record: passThrough(input, named !== undefined) };
      const view = toPayloadView(payload);
      const rules = type === undefined ? recognize(view, schemaVersion) : named;
      if (rules === undefined) return { kind: 'record', record: passThrough(input, false) };
      const result = rules.read(view, schemaVersion);
      return result.kind === 'refused' ? result : upcast(input, rules.type, result.reading, newest);
    },
  };
}

/** Chooses the type that a payload looks like; undefined when it looks like none. */
function recognize(view: PayloadView, schemaVersion: number): RuleSet | undefined {
  // A device may report a metric by its proper names: then it is no vital sign called `amount`.
  const { metric, amount } = view.payload;
  if (typeof metric === 'string' && amount !== undefined && metricRules.recognizes(view, schemaVersion)) {
    return metricRules;
  }
  return RULE_SETS.find((rules) => rules.recognizes(view, schemaVersion));
}

function upcast(input: NormalizeInput, type: string, read: Reading, newest: number): NormalizeResult {
  let reading = read;
  let version = input.schemaVersion;
  try {
    while (version < newest) {
      const step = findUpcast(type, version);
      if (step === undefined) break;
      reading = step(reading);
      version++;
    }
  } catch (error) {
    // The name alone: a message could quote the payload.
    const cause = error instanceof Error ? error.name : typeof error;
    const message = `The upcast of ${type} from version ${version} failed with ${cause}.`;
    return { kind: 'refused', code: 'ERR_UPCAST_FAILED', message };
  }
  return { kind: 'record', record: toRecord(input, type, reading, version) };
}

function toRecord(
  input: NormalizeInput,
  type: string,
  reading: Reading,
  schemaVersion: number,
): NormalizedRecord {
  const { tenant, source, contentHash } = input;
  return {
    type,
    subject: reading.subject,
    timestamp: reading.timestamp,
    data: toData(reading),
    schemaVersion,
    mappingRevision: null,
    lineage: toObject(reading.lineage),
    warnings: [
      ...reading.warnings,
      ...toDroppedWarnings(reading),
      ...toAheadWarning(reading.timestamp, input.receivedAt),
    ],
    normalizedHash: toNormalizedHash({
      ...{ tenant, source, type, contentHash },
      fields: toObject(reading.dedupe),
    }),
  };
}

function toData({ fields, extras }: Reading): JsonObject {
  const data = toObject(fields);
  for (const [key, value] of extras) if (!isCanonical(key, fields)) setOwn(data, key, value);
  return data;
}

/** An unknown field may have the name of a canonical one, which was unusable there or came from an upcast. */
function toDroppedWarnings({ fields, extras }: Reading): NormalizationWarning[] {
  const detail = 'a field of this name was not usable and is left out of the record';
  return [...extras.keys()]
    .filter((key) => extras.get(key) !== null && isCanonical(key, fields))
    .sort()
    .map((key) => toWarning(key, { code: WARNINGS.fieldDropped, detail }));
}

function isCanonical(key: string, fields: Reading['fields']): boolean {
  return key === 'timestamp' || fields.has(key);
}

function toObject<Value>(map: ReadonlyMap<string, Value>): Record<string, Value> {
  const object: Record<string, Value> = {};
  for (const [key, value] of map) setOwn(object, key, value);
  return object;
}

/** Sets an own property whatever its name: assigning to `__proto__` would not. */
function setOwn<Value>(object: Record<string, Value>, key: string, value: Value): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function toAheadWarning(timestamp: string | null, receivedAt: string): NormalizationWarning[] {
  // Both are written alike, so that mostly the texts tell.
  if (timestamp === null || timestamp <= receivedAt) return [];
  const aheadMs = Date.parse(timestamp) - Date.parse(receivedAt);
  if (!(aheadMs > MAX_AHEAD_MS)) return [];
  const detail = 'the time lies more than 24 hours after the arrival';
  return [toWarning('timestamp', { code: WARNINGS.timeAhead, detail })];
}

function passThrough(input: NormalizeInput, expectedObject: boolean): NormalizedRecord {
  const { tenant, source, contentHash, payload } = input;
  const type = input.type ?? UNMAPPED_TYPE;
  const detail = `the payload of a ${type} should be an object; it is kept as it is`;
  return {
    type,
    subject: null,
    timestamp: null,
    data: payload,
    schemaVersion: input.schemaVersion,
    mappingRevision: null,
    lineage: {},
    warnings: expectedObject ? [{ code: WARNINGS.payloadNotObject, detail }] : [],
    normalizedHash: toNormalizedHash({ tenant, source, type, fields: null, contentHash }),
  };
}
