import type { FieldLineage } from '@sluice/contracts/event';
import { isJsonObject, type JsonObject, type JsonValue } from '@sluice/contracts/json';
import { coerceTime } from './coerce-time.ts';
import { findJsonFault } from './json-check.ts';
import { toDedupeValue } from './read-value.ts';
import { holdsRounded, type RoundedNumbers } from './rounded-number.ts';
import type { DeclaredResult, ReadContext, Reading, Refusal, RuleSet } from './rule-set.ts';
import { MAX_JSON_DEPTH } from './safe-json.ts';
import { toWarning } from './warnings.ts';

/** The record that code makes of a payload. */
export type AdapterOutput = {
  readonly data: JsonObject;
  /** When it happened: an ISO text with a zone, or a date. */
  readonly timestamp?: string | Date | null;
  readonly subject?: string | null;
  /** Keys of `data`, and `timestamp`, that make two records the same; without them the whole payload does. */
  readonly dedupe?: readonly string[];
};

/** A source whose payloads code reads, because a mapping cannot. */
export type SourceDefinition = {
  readonly source: string;
  /** Type of the records. */
  readonly type: string;
  /** What its records carry as mapping revision: count it up when the code makes other records than before. */
  readonly revision?: number;
  /** Schema versions that the code reads beside those that every worker knows. */
  readonly versions?: readonly number[];
  /** Makes the record of a payload: pure, without waiting. Whatever it throws makes the event dead. */
  normalize(payload: JsonValue, context: ReadContext): AdapterOutput;
};

/** A code adapter, for `createNormalizer`. */
export type SourceAdapter = {
  readonly source: string;
  readonly revision: number | null;
  readonly rules: RuleSet;
};

const NO_EXTRAS: ReadonlyMap<string, JsonValue> = new Map();

/**
 * Defines a source in code. What the code gives is checked: `data` must be an object of JSON, without a key
 * `timestamp`; the timestamp a time with a zone; `dedupe` names of what is there. The lineage of every field says
 * `code`, without a place. A failed check refuses the event with ERR_ADAPTER_FAILED, as a throw does.
 */
export function defineSource(definition: SourceDefinition): SourceAdapter {
  const { source, type, revision = null, versions = [] } = definition;
  return {
    source,
    revision,
    rules: {
      type,
      versions: new Set(versions),
      read(payload, context) {
        try {
          return toResult(source, definition.normalize(payload, context), context.rounded);
        } catch (error) {
          // The name alone: a message could quote the payload.
          return refuse(source, `failed with ${error instanceof Error ? error.name : typeof error}`);
        }
      },
    },
  };
}

function toResult(
  source: string,
  output: AdapterOutput,
  rounded: RoundedNumbers | undefined,
): DeclaredResult {
  if (!isJsonObject(output) || !isJsonObject(output.data)) {
    return refuse(source, 'gave no object with an object `data`');
  }
  const { data, timestamp = null, subject = null, dedupe = [] } = output;
  const fault = findJsonFault(data, MAX_JSON_DEPTH);
  if (fault !== null) return refuse(source, `gave data that is not JSON: one value in it ${fault.detail}`);
  if (Object.hasOwn(data, 'timestamp')) return refuse(source, 'gave a `timestamp` in data, not beside it');
  if (subject !== null && (typeof subject !== 'string' || !subject.isWellFormed())) {
    return refuse(source, 'gave a subject that is no text');
  }
  const time =
    timestamp === null ? null : coerceTime(timestamp instanceof Date ? toText(timestamp) : timestamp);
  if (timestamp !== null && (time === null || typeof timestamp === 'number')) {
    return refuse(source, 'gave a timestamp that is none');
  }
  const values = new Map<string, JsonValue>(Object.entries(data));
  const identity = new Map<string, JsonValue>();
  for (const name of dedupe) {
    const value = name === 'timestamp' ? time && toDedupeValue(time) : values.get(name);
    if (value === undefined) return refuse(source, 'gave a name in dedupe that is not in data');
    identity.set(name, holdsRounded(value, rounded) ? null : value);
  }
  const reading: Reading = {
    ...{ subject, timestamp: time?.value ?? null, fields: values, dedupe: identity, extras: NO_EXTRAS },
    lineage: toLineage(values, time !== null),
    warnings: (time?.guesses ?? []).map((guess) => toWarning('timestamp', guess)),
  };
  return { kind: 'read', reading };
}

function toText(date: Date): string {
  return Number.isFinite(date.getTime()) ? date.toISOString() : '';
}

function toLineage(fields: ReadonlyMap<string, JsonValue>, hasTime: boolean): Map<string, FieldLineage> {
  const lineage = new Map<string, FieldLineage>();
  for (const name of fields.keys()) lineage.set(name, { from: null, rule: 'code' });
  if (hasTime) lineage.set('timestamp', { from: null, rule: 'code' });
  return lineage;
}

function refuse(source: string, what: string): Refusal {
  return {
    kind: 'refused',
    code: 'ERR_ADAPTER_FAILED',
    message: `The code adapter of ${source} ${what}.`,
  };
}
