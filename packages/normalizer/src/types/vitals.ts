import type { JsonObject } from '@sluice/contracts/json';
import { type FieldRule, hasField, type PayloadView, TIMESTAMP_ALIASES, toAliasKey } from '../aliases.ts';
import { toPointerStep } from '../json-pointer.ts';
import { type Collected, isRefusal, readFields, toReadResult } from '../read-fields.ts';
import type { BuiltInRules } from '../rule-set.ts';

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
    addOtherSigns(view.payload, collected);
    const device = collected.fields.get(DEVICE.field);
    return toReadResult(collected, typeof device === 'string' ? device : null, view.payload);
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

/** Takes every other number as a vital sign; `<x>Value` becomes `<x>` unless that is there itself. */
function addOtherSigns(payload: JsonObject, collected: Collected): void {
  for (const key of Object.keys(payload).sort()) {
    const value = payload[key];
    if (collected.used.has(key) || !isSign(key, value)) continue;
    const short = /^(.+?)_?(?:Value|_value)$/.exec(key)?.[1];
    const name =
      short === undefined || Object.hasOwn(payload, short) || collected.fields.has(short) ? key : short;
    if (collected.fields.has(name) || NO_SIGNS.has(toAliasKey(name))) continue;
    collected.used.add(key);
    collected.fields.set(name, value);
    collected.dedupe.set(name, value);
    collected.lineage.set(name, { from: toPointerStep(key), rule: name === key ? 'exact' : 'alias' });
  }
}
