import type { FieldLineage, NormalizationWarning } from '@sluice/contracts/event';
import type { JsonObject, JsonValue } from '@sluice/contracts/json';
import {
  type FieldRule,
  type FoundField,
  findField,
  isOwnNameUnusable,
  type PayloadView,
} from './aliases.ts';
import { coerceNumber, toNumberGuesses } from './coerce-number.ts';
import { coerceTime } from './coerce-time.ts';
import { toPointer, toPointerStep } from './json-pointer.ts';
import { type ReadValue, toDedupeValue } from './read-value.ts';
import { toNumberText, toRoundedGuesses, withRounding } from './rounded-number.ts';
import type { ReadResult, Refusal } from './rule-set.ts';
import { type Guess, toWarning, WARNINGS } from './warnings.ts';

/** What reading fields by rules collects; rule sets add to it before they make a reading of it. */
export type Collected = {
  timestamp: string | null;
  readonly fields: Map<string, JsonValue>;
  readonly dedupe: Map<string, JsonValue>;
  readonly lineage: Map<string, FieldLineage>;
  readonly warnings: NormalizationWarning[];
  /** How the numbers of fields were written that lost digits; null where that is not known. */
  readonly written: Map<string, string | null>;
  /** Keys of the payload that stand for a canonical field. */
  readonly used: Set<string>;
};

/** Begins with nothing collected. */
export function beginCollecting(): Collected {
  return {
    timestamp: null,
    fields: new Map(),
    dedupe: new Map(),
    lineage: new Map(),
    warnings: [],
    written: new Map(),
    used: new Set(),
  };
}

/** Reads the fields that rules describe; a refusal when a required one is missing or one is unreadable. */
export function readFields(rules: readonly FieldRule[], view: PayloadView): Collected | Refusal {
  const collected = beginCollecting();
  for (const rule of rules) {
    const refusal = readField(rule, view, collected);
    if (refusal !== null) return refusal;
  }
  return collected;
}

/** Tells a refusal from what was read. */
export function isRefusal(result: Collected | Refusal): result is Refusal {
  return 'kind' in result;
}

/**
 * Returns the value of a field as a name: a number by all its digits. Null for what names nothing: objects, arrays, and a
 * number of which digits got lost, by which two things would have one name.
 */
export function toFieldName({ fields, written }: Collected, field: string): string | null {
  const value = fields.get(field) ?? null;
  const digits = written.get(field);
  if (digits !== undefined && (typeof value === 'number' || digits === null)) return digits;
  return value === null || typeof value === 'object' ? null : String(value);
}

/** Makes a reading of what was collected, together with the fields of the payload that no rule used. */
export function toReadResult(collected: Collected, subject: string | null, payload: JsonObject): ReadResult {
  const { timestamp, fields, dedupe, lineage, warnings, used } = collected;
  const extras = new Map<string, JsonValue>();
  for (const key of Object.keys(payload)) if (!used.has(key)) extras.set(key, payload[key] as JsonValue);
  return { kind: 'read', reading: { subject, timestamp, fields, dedupe, extras, lineage, warnings } };
}

function readField(rule: FieldRule, view: PayloadView, collected: Collected): Refusal | null {
  const found = findField(rule, view);
  if (found === null) {
    const { payload } = view;
    if (isOwnNameUnusable(rule, payload)) return toUnreadableField(rule, rule.field, payload[rule.field]);
    if (rule.need === 'required') return toMissing(rule.field);
    if (rule.need === 'expected') addMissing(rule.field, rule.as === 'time', collected);
    return null;
  }
  const read = readValue(rule.as, found.value);
  if (read === null) return toUnreadableField(rule, found.key, found.value);
  collected.used.add(found.key);
  addField(rule, found, withRounding(read, found.value, view.rounded), collected);
  return null;
}

function addField(rule: FieldRule, found: FoundField, read: ReadValue, collected: Collected): void {
  if (rule.as === 'time' && typeof read.value === 'string') collected.timestamp = read.value;
  else collected.fields.set(rule.field, read.value);
  const { conversion, guesses, written } = read;
  if (written !== undefined) collected.written.set(rule.field, written);
  collected.dedupe.set(rule.field, toDedupeValue(read));
  // The own names of fields have nothing to escape.
  const from = found.rule === 'exact' ? `/${rule.field}` : toPointerStep(found.key);
  collected.lineage.set(
    rule.field,
    conversion === undefined ? { from, rule: found.rule } : { from, rule: found.rule, conversion },
  );
  for (const guess of guesses) collected.warnings.push(toWarning(rule.field, guess));
  if (found.rivals.length > 0) collected.warnings.push(toWarning(rule.field, toRivalGuess(found)));
}

/** Rivals that a warning names. */
const MAX_RIVALS = 3;

/** Says what else could have been meant, and how likely each is. */
function toRivalGuess({ key, score, rivals }: FoundField): Guess {
  const isTie = rivals[0]?.score === score;
  const others = rivals
    .slice(0, MAX_RIVALS)
    .map((rival) => `${toPointer([rival.key])} (score ${rival.score})`);
  const taken = `taken from ${toPointer([key])} (score ${score})`;
  const detail = `${taken}; ${others.join(', ')} could be meant too${isTie ? ', just as likely' : ''}`;
  return { code: WARNINGS.fieldAmbiguous, detail };
}

function addMissing(field: string, isTime: boolean, collected: Collected): void {
  if (!isTime) collected.fields.set(field, null);
  collected.dedupe.set(field, null);
  collected.lineage.set(field, { from: null, rule: 'missing' });
  collected.warnings.push(toWarning(field, { code: WARNINGS.fieldMissing, detail: 'the field is missing' }));
}

function readValue(as: FieldRule['as'], value: string | number): ReadValue | null {
  if (as === 'number') {
    const read = coerceNumber(value);
    return read?.currency === undefined ? read : { ...read, guesses: toNumberGuesses(read) };
  }
  if (as === 'time') return coerceTime(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return null;
    return as === 'scalar' ? { value, guesses: toRoundedGuesses(value) } : toNumberText(value);
  }
  if (!value.isWellFormed()) return null;
  const trimmed = value.trim();
  return { value: trimmed, ...(trimmed === value ? {} : { conversion: 'trimmed' }), guesses: [] };
}

/** Refuses an event that lacks a required field; `why` says where it was looked for. */
export function toMissing(field: string, why?: string): Refusal {
  const message = `The field ${field} is missing${why === undefined ? '' : `: ${why}`}.`;
  return { kind: 'refused', code: 'ERR_FIELD_REQUIRED', message, field };
}

const EXPECTED = { text: 'a text', scalar: 'a text or number', number: 'a number', time: 'a time' } as const;

function toUnreadableField(rule: FieldRule, key: string, value: JsonValue | undefined): Refusal {
  return toUnreadable(rule.field, toPointer([key]), EXPECTED[rule.as], value);
}

/** Refuses an event whose value for a field is not what was expected; the message does not quote the value. */
export function toUnreadable(
  field: string,
  pointer: string,
  expected: string,
  value: JsonValue | undefined,
): Refusal {
  const got = typeof value === 'string' ? `a string of ${value.length} characters` : toKind(value);
  return {
    kind: 'refused',
    code: 'ERR_FIELD_UNREADABLE',
    message: `The field ${field} at ${pointer} is not ${expected}: got ${got}.`,
    field,
  };
}

function toKind(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value} that has no such meaning`;
}
