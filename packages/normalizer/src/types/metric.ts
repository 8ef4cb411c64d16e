import { type FieldRule, findField, hasField, TIMESTAMP_ALIASES } from '../aliases.ts';
import { coerceNumber } from '../coerce-number.ts';
import { isRefusal, readFields, toReadResult } from '../read-fields.ts';
import type { BuiltInRules } from '../rule-set.ts';

/** `value` holds either what was measured or how much of it: numbers are amounts, other texts are names. */
const METRIC: FieldRule = {
  field: 'metric',
  from: [
    'metric',
    'metricname',
    'measure',
    'measurement',
    'event',
    'eventname',
    'kind',
    'name',
    'key',
    'value',
  ],
  as: 'text',
  need: 'required',
  accepts: (alias, value) => alias !== 'value' || (typeof value === 'string' && coerceNumber(value) === null),
};

const AMOUNT: FieldRule = {
  field: 'amount',
  from: ['amount', 'price', 'cost', 'value', 'total', 'sum', 'quantity', 'qty', 'count'],
  as: 'number',
  need: 'required',
  accepts: (alias, value) => alias !== 'value' || coerceNumber(value) !== null,
};

const TIMESTAMP: FieldRule = { field: 'timestamp', from: TIMESTAMP_ALIASES, as: 'time', need: 'expected' };

/** A number that was measured or counted: `{metric, amount}` and when. */
export const metricRules: BuiltInRules = {
  type: 'metric',

  recognizes(view) {
    return typeof findField(METRIC, view)?.value === 'string' && hasField(AMOUNT, view);
  },

  read(view) {
    const collected = readFields([METRIC, AMOUNT, TIMESTAMP], view);
    return isRefusal(collected) ? collected : toReadResult(collected, null, view.payload);
  },
};

/** The rule whose presence in a payload says that it is about an amount. */
export const AMOUNT_RULE = AMOUNT;
