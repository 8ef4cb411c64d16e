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

const VALUE = /^(.+?)(?:_?Value|_value)+$/;

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

function toSignName(key: string, payload: JsonObject, { fields }: Collected): string {
  const short = VALUE.exec(key)?.[1];
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
