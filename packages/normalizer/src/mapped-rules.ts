import type { FieldLineage } from '@sluice/contracts/event';
import { isJsonObject, type JsonObject, type JsonValue } from '@sluice/contracts/json';
import type { Mapping } from '@sluice/contracts/mapping';
import { canonicalize } from './canonical-json.ts';
import { type CompiledField, type CompiledPath, compileMapping, TIMESTAMP_FIELD } from './compile-mapping.ts';
import { findValue } from './payload-path.ts';
import { beginCollecting, type Collected, toFieldName, toMissing, toUnreadable } from './read-fields.ts';
import { type ReadValue, toDedupeValue } from './read-value.ts';
import { type RoundedNumbers, withRounding } from './rounded-number.ts';
import type { Reading, Refusal, RuleSet } from './rule-set.ts';
import { toWarning, WARNINGS } from './warnings.ts';

/** Nothing of the payload was converted: a default is written in the mapping. */
const DEFAULTED: FieldLineage = { from: null, rule: 'default' };
const MISSING: FieldLineage = { from: null, rule: 'missing' };

const NO_EXTRAS: ReadonlyMap<string, JsonValue> = new Map();

/**
 * Creates the rules that a mapping declares. It is compiled here, once; the rules are made for being used for every
 * event.
 *
 * - A field is taken from the first of its paths that holds a value. Null is none, nor is a blank text unless the
 *   field is `any`, nor what the field declares to be `blank`. What is there but not readable refuses the event; later
 *   paths help out only where an object or array stands.
 * - When a later path holds another value (after conversion), a warning says so.
 * - Where no path holds a value: a required field refuses the event, a declared default is taken without a
 *   warning, else the field is null, with one.
 * - `keepUnknown` keeps every key of the payload but those whose whole value a field holds. An object of which
 *   fields hold only parts is kept whole.
 * - Records are the same when their dedupe fields are. When there are no such fields, one is null, one lost digits, or
 *   one is a time that clocks showed twice or has a second 60, they are the same when their content hashes are.
 * - A payload that is no object is kept as it is, unless a field is required.
 *
 * @throws ProblemException ERR_BODY_INVALID for a path, format, zone or default that cannot be used
 */
export function createMappedRules(mapping: Mapping): RuleSet {
  const { fields: everyVersion, versions } = compileMapping(mapping);
  const { subject, keepUnknown } = mapping;
  return {
    type: mapping.type,
    versions: new Set(versions.keys()),
    read(payload, { schemaVersion, rounded }) {
      const fields = versions.get(schemaVersion) ?? everyVersion;
      if (!isJsonObject(payload)) {
        const needed = fields.find(({ required }) => required);
        return needed === undefined
          ? { kind: 'not-object' }
          : toMissing(needed.name, 'the payload is no object');
      }
      const collected = beginCollecting();
      for (const field of fields) {
        const refusal = readField(field, payload, collected, rounded);
        if (refusal !== null) return refusal;
      }
      const { timestamp, dedupe, lineage, warnings, used } = collected;
      const extras = keepUnknown ? toExtras(payload, used) : NO_EXTRAS;
      // Written out: a spread costs a microsecond here.
      const reading: Reading = {
        subject: toSubject(subject, collected),
        timestamp,
        fields: collected.fields,
        dedupe,
        extras,
        lineage,
        warnings,
      };
      return { kind: 'read', reading };
    },
  };
}

function readField(
  field: CompiledField,
  payload: JsonObject,
  collected: Collected,
  rounded: RoundedNumbers | undefined,
): Refusal | null {
  const { paths } = field;
  let container: CompiledPath | undefined;
  for (let index = 0; index < paths.length; index++) {
    const path = paths[index] as CompiledPath;
    const value = findValue(payload, path);
    if (!isThere(field, value)) continue;
    if (typeof value === 'object' && field.as !== 'any') {
      container ??= path;
      continue;
    }
    const parsed = field.read(value);
    const read = parsed && withRounding(parsed, value, rounded);
    if (read === null) return toUnreadable(field.name, path.pointer, field.expected, value);
    const { conversion } = read;
    addValue(
      field,
      read,
      conversion === undefined ? path.lineage : { ...path.lineage, conversion },
      collected,
    );
    const first = path.steps.length === 1 ? path.steps[0] : undefined;
    if (first !== undefined) collected.used.add(first.key);
    if (index + 1 < paths.length) addRival(field, payload, index, value, read, collected);
    return null;
  }
  if (container !== undefined) {
    return toUnreadable(field.name, container.pointer, field.expected, findValue(payload, container));
  }
  if (field.required) return toMissing(field.name, toPlaces(paths));
  if (field.fallback !== null) addValue(field, field.fallback, DEFAULTED, collected);
  else addMissing(field, collected);
  return null;
}

function isThere(field: CompiledField, value: JsonValue | undefined): value is JsonValue {
  if (value === undefined || value === null) return false;
  if (field.blank !== null) return !isBlank(field, field.blank, value);
  return typeof value !== 'string' || field.as === 'any' || value.trim() !== '';
}

function isBlank({ as }: CompiledField, blank: ReadonlySet<JsonValue>, value: JsonValue): boolean {
  if (typeof value !== 'string') return blank.has(value);
  const text = value.trim();
  return text === '' ? as !== 'any' : blank.has(text.toLowerCase());
}

/** Pointers that a refusal names. */
const MAX_PLACES = 4;

function toPlaces(paths: readonly CompiledPath[]): string {
  const named = paths.slice(0, MAX_PLACES).map(({ pointer }) => pointer);
  const more = paths.length > MAX_PLACES ? ` and ${paths.length - MAX_PLACES} more places` : '';
  return `there is no value at ${named.join(', ')}${more}`;
}

function addValue(field: CompiledField, read: ReadValue, lineage: FieldLineage, collected: Collected): void {
  const { name } = field;
  if (name !== TIMESTAMP_FIELD) collected.fields.set(name, read.value);
  else if (typeof read.value === 'string') collected.timestamp = read.value;
  if (field.dedupes) collected.dedupe.set(name, toIdentity(field, read));
  if (read.written !== undefined) collected.written.set(name, read.written);
  collected.lineage.set(name, lineage);
  for (const guess of read.guesses) collected.warnings.push(toWarning(name, guess));
}

function addMissing({ name, dedupes }: CompiledField, collected: Collected): void {
  if (name !== TIMESTAMP_FIELD) collected.fields.set(name, null);
  if (dedupes) collected.dedupe.set(name, null);
  collected.lineage.set(name, MISSING);
  collected.warnings.push(toWarning(name, { code: WARNINGS.fieldMissing, detail: 'the field is missing' }));
}

/** Warns when a path after the one that was taken holds another value that could have been taken. */
function addRival(
  field: CompiledField,
  payload: JsonObject,
  taken: number,
  value: JsonValue,
  read: ReadValue,
  collected: Collected,
): void {
  const { pointer } = field.paths[taken] as CompiledPath;
  for (let index = taken + 1; index < field.paths.length; index++) {
    const path = field.paths[index] as CompiledPath;
    const other = findValue(payload, path);
    if (!isThere(field, other) || other === value) continue;
    const otherRead = field.read(other);
    if (otherRead === null || isSame(read, otherRead) || isAround(path.pointer, pointer)) continue;
    const detail = `taken from ${pointer}; ${path.pointer} holds another value`;
    collected.warnings.push(toWarning(field.name, { code: WARNINGS.fieldAmbiguous, detail }));
    return;
  }
}

/** Tells whether one place holds the other, or is in it. */
function isAround(one: string, other: string): boolean {
  return one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function isSame(one: ReadValue, other: ReadValue): boolean {
  const [a, b] = [one.precise ?? one.value, other.precise ?? other.value];
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  const canonical = toCanonical(a);
  return canonical !== null && canonical === toCanonical(b);
}

/** Returns what tells two records apart, null where that is not known, as for what cannot be hashed. */
function toIdentity(field: CompiledField, read: ReadValue): JsonValue {
  const told = toDedupeValue(read);
  return field.as === 'any' && toCanonical(told) === null ? null : told;
}

function toCanonical(value: JsonValue): string | null {
  try {
    return canonicalize(value);
  } catch {
    // A lone surrogate or an infinite number: it can be kept, not hashed.
    return null;
  }
}

function toExtras(payload: JsonObject, used: ReadonlySet<string>): ReadonlyMap<string, JsonValue> {
  const extras = new Map<string, JsonValue>();
  for (const key of Object.keys(payload)) {
    if (!used.has(key)) extras.set(key, payload[key] as JsonValue);
  }
  return extras;
}

/** Returns the subject as a text; null for what has no name: objects and arrays. */
function toSubject(field: string | undefined, collected: Collected): string | null {
  if (field === undefined) return null;
  return field === TIMESTAMP_FIELD ? collected.timestamp : toFieldName(collected, field);
}
