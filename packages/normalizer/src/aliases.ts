import type { JsonObject, JsonValue } from '@sluice/contracts/json';
import type { RoundedNumbers } from './rounded-number.ts';

/**
 * How a field of a built-in type is found and read. `from` lists the names it goes by, best first, beginning with
 * its own, each written as `toAliasKey` returns it.
 */
export type FieldRule = {
  readonly field: string;
  readonly from: readonly string[];
  readonly as: 'text' | 'number' | 'time' | 'scalar';
  /** What a missing field means: `required` = no record, `expected` = null and a warning, `optional` = left out. */
  readonly need: 'required' | 'expected' | 'optional';
  /** Narrows what an alias may stand for, where it is used for several fields. */
  accepts?(alias: string, value: JsonValue): boolean;
};

/** A payload, and its keys by what `toAliasKey` makes of them. */
export type PayloadView = {
  readonly payload: JsonObject;
  readonly index: ReadonlyMap<string, readonly string[]>;
  /** Numbers in it that lost digits; undefined when none did. */
  readonly rounded: RoundedNumbers | undefined;
};

/** Where a field was found; `rivals` are other keys that could have been meant, the likeliest first. */
export type FoundField = {
  readonly key: string;
  readonly value: string | number;
  readonly rule: 'exact' | 'alias';
  /** How likely the key means the field: 100 for its own name, less for every alias further down the table. */
  readonly score: number;
  readonly rivals: readonly { readonly key: string; readonly score: number }[];
};

/** Writes a key without case, `_`, `-` and spaces: the form in which aliases are compared. */
export function toAliasKey(key: string): string {
  if (isAliasKey(key)) return key;
  return key.replace(/[-_ ]/g, '').toLowerCase();
}

/** Most keys are written so already; a pattern would take longer to see it. */
function isAliasKey(key: string): boolean {
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57))) return false;
  }
  return true;
}

/** Indexes the keys of a payload, when they are first asked for; keys that differ only in spelling are sorted, so that their order is no matter. */
export function toPayloadView(payload: JsonObject, rounded?: RoundedNumbers): PayloadView {
  return new LazyView(payload, rounded);
}

/** A class, because an object with a getter of its own takes V8 as long to make as the index. */
class LazyView implements PayloadView {
  readonly payload: JsonObject;
  readonly rounded: RoundedNumbers | undefined;
  #index: PayloadView['index'] | undefined;

  constructor(payload: JsonObject, rounded: RoundedNumbers | undefined) {
    this.payload = payload;
    this.rounded = rounded;
  }

  get index(): PayloadView['index'] {
    this.#index ??= toIndex(this.payload);
    return this.#index;
  }
}

function toIndex(payload: JsonObject): PayloadView['index'] {
  const index = new Map<string, string[]>();
  for (const key of Object.keys(payload)) {
    const alias = toAliasKey(key);
    const keys = index.get(alias);
    if (keys === undefined) index.set(alias, [key]);
    else keys.push(key);
  }
  for (const keys of index.values()) if (keys.length > 1) keys.sort();
  return index;
}

/**
 * Finds the key that stands for a field: its own name as it is spelled, else the first alias whose value is a
 * number or a string that is not blank. Null when there is none.
 */
export function findField(rule: FieldRule, view: PayloadView): FoundField | null {
  const { payload } = view;
  const own = Object.hasOwn(payload, rule.field) ? payload[rule.field] : undefined;
  if (isUsable(rule, rule.from[0] ?? '', own)) {
    return { key: rule.field, value: own, rule: 'exact', score: 100, rivals: NO_RIVALS };
  }
  let found: { key: string; value: string | number; score: number } | null = null;
  const rivals: { key: string; score: number }[] = [];
  for (let place = 0; place < rule.from.length; place++) {
    const alias = rule.from[place] as string;
    for (const key of view.index.get(alias) ?? []) {
      const value = payload[key];
      if (!isUsable(rule, alias, value)) continue;
      const score = Math.round(100 * (1 - place / rule.from.length));
      if (found === null) found = { key, value, score };
      else rivals.push({ key, score });
    }
  }
  return found && { ...found, rule: 'alias', rivals };
}

const NO_RIVALS: FoundField['rivals'] = [];

/** Tells whether a payload holds a usable value for a field. */
export function hasField(rule: FieldRule, view: PayloadView): boolean {
  return findField(rule, view) !== null;
}

/** Tells whether a field's own name is there, with a value that is neither null nor blank but not usable. */
export function isOwnNameUnusable(rule: FieldRule, payload: JsonObject): boolean {
  const own = Object.hasOwn(payload, rule.field) ? payload[rule.field] : undefined;
  if (own === undefined || own === null || (typeof own === 'string' && own.trim() === '')) return false;
  return !isUsable(rule, rule.from[0] ?? '', own);
}

function isUsable(rule: FieldRule, alias: string, value: JsonValue | undefined): value is string | number {
  const scalar = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
  return scalar && (rule.accepts === undefined || rule.accepts(alias, value));
}

/** The names under which a timestamp goes, for every built-in type. */
export const TIMESTAMP_ALIASES = [
  'timestamp',
  'datetime',
  'time',
  'ts',
  'date',
  'at',
  'eventtime',
  'eventdate',
  'occurredat',
  'measuredat',
  'recordedat',
  'createdat',
  'created',
  'createdon',
  'updatedat',
] as const;
