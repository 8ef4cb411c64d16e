import type { NormalizedEventDocument } from '@sluice/contracts/event';
import { isJsonObject } from '@sluice/contracts/json';
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

/** Fields beyond this number in one event are not taken over. */
const MAX_FIELDS = 500;

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
 * receivedAt, id). Nulls say nothing, and the field `timestamp` is kept once for the subject. The result does not depend
 * on the order of the records.
 */
export function reduceLatest(records: readonly LatestRecord[]): Map<string, SubjectUpdate> {
  const updates = new Map<
    string,
    SubjectUpdate & { timestamp: Date; readonly fields: Map<string, LatestField> }
  >();
  for (const { _id, tenant, source, type, subject, timestamp, data, receivedAt } of records) {
    if (subject === null || !isJsonObject(data)) continue;
    const at = timestamp ?? receivedAt;
    if (at.getTime() - receivedAt.getTime() > MAX_AHEAD_MS) continue;
    const key = { tenant, source, type, subject };
    const id = toLatestId(key);
    const update = updates.get(id) ?? { ...key, timestamp: at, fields: new Map<string, LatestField>() };
    if (at > update.timestamp) update.timestamp = at;
    for (const [name, value] of Object.entries(data).slice(0, MAX_FIELDS)) {
      if (value === null || name === 'timestamp') continue;
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
