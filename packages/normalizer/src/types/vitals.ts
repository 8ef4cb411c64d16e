import type { JsonObject } from '@sluice/contracts/json';
import { type FieldRule, hasField, type PayloadView, TIMESTAMP_ALIASES, toAliasKey } from '../aliases.ts';
import { toPointerStep } from '../json-pointer.ts';
import { type Collected, isRefusal, readFields, toFieldName, toReadResult } from '../read-fields.ts';
import { toRoundedGuesses, withRounding } from '../rounded-number.ts';
import type { BuiltInRules } from '../rule-set.ts';
import { toWarning } from '../warnings.ts';

const DEVICE: FieldRule = {
  field: 'deviceId',
  from: ['deviceid', 'device', 'dev', 'deviceserial'],
  as: 'text',
  need: 'required',
};

const TIMESTAMP: FieldRule = { field: 'timestamp', from: TIMESTAMP_ALIASES, as: 'time', need: 'required' };

const HEART_RATE: FieldRule = {
  field: 'heartRate',
  from: ['heartrate', 'heartratevalue', 'hr', 'pulse', 'bpm'],
  as: 'number',
  need: 'optional',
};

const BREATH_RATE: FieldRule = {
  field: 'breathRate',
  from: ['breathrate', 'breathratevalue', 'br', 'respirationrate', 'respiratoryrate'],
  as: 'number',
  need: 'optional',
};

/** A name that has become shorter must not mean one of these: reading the record once more would give another. */
const TAKEN = new Set<string>([DEVICE, TIMESTAMP, HEART_RATE, BREATH_RATE].flatMap(({ from }) => from));

const LINE_BREAK = /[\n\r\u2028\u2029]/;

/** What is never a vital sign, though it may be a number. */
const NO_SIGNS = new Set<string>([...DEVICE.from, ...TIMESTAMP.from]);

/** What a device measured on a body: `{deviceId, heartRate, breathRate, ...}`, any other number too, and when. */
export const vitalsRules: BuiltInRules = {
  type: 'vitals',

  recognizes(view) {
    return hasField(DEVICE, view) && hasField(TIMESTAMP, view) && hasSign(view);
  },

  read(view) {
    const collected = readFields([DEVICE, TIMESTAMP, HEART_RATE, BREATH_RATE], view);
    if (isRefusal(collected)) return collected;
    addOtherSigns(view, collected);
    return toReadResult(collected, toFieldName(collected, DEVICE.field), view.payload);
  },
};

function hasSign(view: PayloadView): boolean {
  if (hasField(HEART_RATE, view) || hasField(BREATH_RATE, view)) return true;
  return Object.entries(view.payload).some(([key, value]) => isSign(key, value));
}

function isSign(key: string, value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    key.isWellFormed() &&
    !NO_SIGNS.has(toAliasKey(key))
  );
}

/**
 * Returns a name without every `Value`, `_Value` and `_value` that it ends with, at least its first character;
 * undefined when it ends with none, or has several lines. From the end, because a sender makes it as long as a
 * body: a pattern would take time that grows with the square of that.
 */
export function toShortName(key: string): string | undefined {
  let end = key.length;
  for (let cut = findSuffix(key, end); cut > 0; cut = findSuffix(key, end)) end = cut;
  return end === key.length || LINE_BREAK.test(key.slice(0, end)) ? undefined : key.slice(0, end);
}

/** Finds where the suffix of what stands before `end` begins; 0 when it has none, or nothing would be left. */
function findSuffix(key: string, end: number): number {
  if (key.endsWith('_value', end)) return Math.max(0, end - '_value'.length);
  if (!key.endsWith('Value', end)) return 0;
  const begin = end - 'Value'.length;
  return begin > 1 && key[begin - 1] === '_' ? begin - 1 : begin;
}

function toSignName(key: string, payload: JsonObject, { fields }: Collected): string {
  const short = toShortName(key);
  if (short === undefined || Object.hasOwn(payload, short) || fields.has(short)) return key;
  return TAKEN.has(toAliasKey(short)) ? key : short;
}

/** Takes every other number as a vital sign; `<x>Value` becomes `<x>` unless that is there itself, or means another. */
function addOtherSigns({ payload, rounded }: PayloadView, collected: Collected): void {
  for (const key of Object.keys(payload).sort()) {
    const value = payload[key];
    if (collected.used.has(key) || !isSign(key, value)) continue;
    const name = toSignName(key, payload, collected);
    if (collected.fields.has(name) || NO_SIGNS.has(toAliasKey(name))) continue;
    collected.used.add(key);
    collected.fields.set(name, value);
    const read = { value, guesses: toRoundedGuesses(value) };
    const { guesses } = withRounding(read, value, rounded);
    collected.dedupe.set(name, guesses.length > 0 ? null : value);
    for (const guess of guesses) collected.warnings.push(toWarning(name, guess));
    collected.lineage.set(name, { from: toPointerStep(key), rule: name === key ? 'exact' : 'alias' });
  }
}
