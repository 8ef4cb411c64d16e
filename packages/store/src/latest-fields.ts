import type { NormalizedEventDocument } from '@sluice/contracts/event';
import { isJsonObject, type JsonValue } from '@sluice/contracts/json';
import type { LatestField } from './collections.ts';

/** What the latest state takes from a normalized event. */
export type LatestRecord = Pick<
  NormalizedEventDocument,
  '_id' | 'tenant' | 'source' | 'type' | 'subject' | 'timestamp' | 'data' | 'receivedAt'
>;

/** The newest fields of one subject within a batch. */
export type SubjectUpdate = Readonly<Record<'tenant' | 'source' | 'type' | 'subject', string>> & {
  readonly timestamp: Date;
  readonly fields: ReadonlyMap<string, LatestField>;
};

/** A time further ahead of its receipt than this is taken for a wrong clock and not applied. */
const MAX_AHEAD_MS = 86_400_000;

/** Fields beyond this number in one event are not taken over, nor new ones of a subject that has so many. */
export const MAX_FIELDS = 500;

/** Fields with a longer name, in characters, are not taken over: a sender whose names are texts would fill a document. */
export const MAX_NAME_LENGTH = 128;

/**
 * Larger values, by about what they take up, are not taken over: the state is of readings and short texts. With all its
 * fields a document is then about 2 MiB at most, where MongoDB would refuse one of 16 MiB for ever.
 */
export const MAX_VALUE_BYTES = 4096;

/** What MongoDB needs of an entry of an array or object besides its name and value, about, and of what is no text. */
const ENTRY_BYTES = 8;
const NUMBER_BYTES = 8;

/** A longer subject has no state: it is the name of something, and stands in the document and its index. */
const MAX_SUBJECT_LENGTH = 1024;

/** Names the document of a subject. */
export function toLatestId({
  tenant,
  source,
  type,
  subject,
}: Record<'tenant' | 'source' | 'type' | 'subject', string>) {
  return [tenant, source, type, subject].join('\0');
}

/** Writes a field's name as a key that a path in an update can name: without `.`, a leading `$`, or emptiness. */
export function toFieldKey(name: string): string {
  if (name === '') return '%';
  return name.replace(/[%.]|^\$/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Reads a field's name back from its key. */
export function fromFieldKey(key: string): string {
  if (key === '%') return '';
  return key.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * Reduces records to one update per subject, by document id: of each field the newest value by (timestamp,
 * receivedAt, id). Nulls say nothing, what is too large or has too long a name is left out, and the field `timestamp` is
 * kept once for the subject. The result does not depend on the order of the records.
 */
export function reduceLatest(records: readonly LatestRecord[]): Map<string, SubjectUpdate> {
  const updates = new Map<
    string,
    SubjectUpdate & { timestamp: Date; readonly fields: Map<string, LatestField> }
  >();
  for (const { _id, tenant, source, type, subject, timestamp, data, receivedAt } of records) {
    if (subject === null || subject.length > MAX_SUBJECT_LENGTH || !isJsonObject(data)) continue;
    const at = timestamp ?? receivedAt;
    if (at.getTime() - receivedAt.getTime() > MAX_AHEAD_MS) continue;
    const key = { tenant, source, type, subject };
    const id = toLatestId(key);
    const update = updates.get(id) ?? { ...key, timestamp: at, fields: new Map<string, LatestField>() };
    if (at > update.timestamp) update.timestamp = at;
    for (const [name, value] of Object.entries(data).slice(0, MAX_FIELDS)) {
      if (value === null || name === 'timestamp' || name.length > MAX_NAME_LENGTH) continue;
      if (toRoomLeft(value, MAX_VALUE_BYTES) < 0) continue;
      const field = { t: at, r: receivedAt, i: _id, v: value };
      const known = update.fields.get(name);
      if (known === undefined || isNewer(field, known)) update.fields.set(name, field);
    }
    updates.set(id, update);
  }
  return updates;
}

function isNewer(a: LatestField, b: LatestField): boolean {
  if (a.t.getTime() !== b.t.getTime()) return a.t > b.t;
  if (a.r.getTime() !== b.r.getTime()) return a.r > b.r;
  return a.i > b.i;
}

/** Returns how many of `room` bytes a value leaves, about; less than 0, without looking further, once there are none. */
function toRoomLeft(value: JsonValue, room: number): number {
  if (typeof value === 'string') return room - Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return room - NUMBER_BYTES;
  let left = room;
  if (Array.isArray(value)) {
    for (const entry of value) {
      if (left < 0) break;
      left = toRoomLeft(entry, left - ENTRY_BYTES);
    }
    return left;
  }
  for (const key in value) {
    if (left < 0) break;
    left = toRoomLeft(value[key] ?? null, left - ENTRY_BYTES - Buffer.byteLength(key));
  }
  return left;
}
