import type { NormalizationWarning, NormalizedRecord } from '@sluice/contracts/event';
import type { JsonObject, JsonValue } from '@sluice/contracts/json';
import { toPointerStep } from './json-pointer.ts';
import { toNormalizedHash } from './normalized-hash.ts';
import type { ReadContext, Reading } from './rule-set.ts';
import { toWarning, WARNINGS } from './warnings.ts';

/** What a record is made from. */
export type NormalizeInput = ReadContext & {
  readonly contentHash: string;
  readonly payload: JsonValue;
  /** The type that the sender or the source's declaration names. */
  readonly type?: string;
};

/** The type of a record whose event named none and looks like no built-in one. */
const UNMAPPED_TYPE = 'unmapped';

/** An event's time this far after its arrival gets a warning. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

/** Makes the record of a reading, in the shape of the schema version to which it was brought. */
export function toRecord(
  input: NormalizeInput,
  type: string,
  reading: Reading,
  schemaVersion: number,
  mappingRevision: number | null,
): NormalizedRecord {
  const { tenant, source, contentHash } = input;
  const { data, dropped } = toData(reading);
  const ahead = toAheadWarning(reading.timestamp, input.receivedAt);
  const isWarned = dropped.length > 0 || ahead.length > 0;
  const fields = toObject(reading.dedupe);
  return {
    type,
    subject: reading.subject,
    timestamp: reading.timestamp,
    data,
    schemaVersion,
    mappingRevision,
    lineage: toObject(reading.lineage),
    warnings: isWarned ? [...reading.warnings, ...dropped, ...ahead] : reading.warnings,
    normalizedHash: toNormalizedHash({ tenant, source, type, fields, contentHash }),
  };
}

/** An unknown field may have the name of a canonical one, which stands elsewhere or came from an upcast. */
function toData({ fields, extras, lineage }: Reading): { data: JsonObject; dropped: NormalizationWarning[] } {
  const data = toObject(fields);
  const dropped: string[] = [];
  for (const [key, value] of extras) {
    if (!isCanonical(key, fields)) setOwn(data, key, value);
    else if (!isHeld(value, toPointerStep(key), lineage)) dropped.push(key);
  }
  return { data, dropped: dropped.sort().map(toDroppedWarning) };
}

/** Tells whether fields hold everything that is in a value: of `{shop: {name}}` nothing is lost where `shop` is the name. */
function isHeld(value: JsonValue, pointer: string, lineage: Reading['lineage']): boolean {
  if (value === null) return true;
  for (const { from } of lineage.values()) if (from === pointer) return true;
  if (typeof value !== 'object') return false;
  const inner = Object.entries(value);
  return inner.length > 0 && inner.every(([key, one]) => isHeld(one, pointer + toPointerStep(key), lineage));
}

function toDroppedWarning(key: string): NormalizationWarning {
  const detail =
    key === 'timestamp'
      ? 'timestamp is the time of the record alone; what the payload has there is left out'
      : 'the record has a field of this name; the one of the payload is left out';
  return toWarning(key, { code: WARNINGS.fieldDropped, detail });
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

/** Makes the record of a payload that is kept as it is; `expectedObject` when its type should have been one. */
export function passThrough(
  input: NormalizeInput,
  expectedObject: boolean,
  mappingRevision: number | null,
): NormalizedRecord {
  const { tenant, source, contentHash, payload } = input;
  const type = input.type ?? UNMAPPED_TYPE;
  const detail = `the payload of a ${type} should be an object; it is kept as it is`;
  return {
    type,
    subject: null,
    timestamp: null,
    data: payload,
    schemaVersion: input.schemaVersion,
    mappingRevision,
    lineage: {},
    warnings: expectedObject ? [{ code: WARNINGS.payloadNotObject, detail }] : [],
    normalizedHash: toNormalizedHash({ tenant, source, type, fields: null, contentHash }),
  };
}
