import type { NormalizedRecord } from '@sluice/contracts/event';
import { isJsonObject } from '@sluice/contracts/json';
import { type PayloadView, toPayloadView } from './aliases.ts';
import type { SourceAdapter } from './define-source.ts';
import { type NormalizeInput, passThrough, toRecord } from './record.ts';
import { findRoundedPlaces } from './rounded-number.ts';
import type { BuiltInRules, ReadContext, Reading, Refusal, RuleSet } from './rule-set.ts';
import { metricRules } from './types/metric.ts';
import { personRules } from './types/person.ts';
import { vitalsRules } from './types/vitals.ts';
import { findUpcast, UPCASTS, type UpcastRegistry } from './upcasts.ts';
import { WARNINGS } from './warnings.ts';

/** The schema versions that this build knows. */
export const KNOWN_SCHEMA_VERSIONS: readonly number[] = [1, 2];

/** A record, or why there is none: `refused` is permanent, `unknown-version` is for another worker. */
export type NormalizeResult =
  | { readonly kind: 'record'; readonly record: NormalizedRecord }
  | Refusal
  | { readonly kind: 'unknown-version'; readonly version: number };

/** The rules that a source uses now, and the revision that its records carry (null: none). */
export type ActiveRules = { readonly revision: number | null; readonly rules: RuleSet };

/** What a normalizer knows beside the built-in types. */
export type NormalizerOptions = {
  /** The schema versions that this worker supports; all that the build knows by default. */
  readonly supportedVersions?: readonly number[];
  /** Looks up the active mapping of a source, for every event: from memory. */
  readonly findMapping?: (tenant: string, source: string) => ActiveRules | undefined;
  /** Sources whose payloads code reads. */
  readonly adapters?: readonly SourceAdapter[];
  /** Upcasts by type; those of the build by default. */
  readonly upcasts?: UpcastRegistry;
};

/** Turns payloads into records. */
export type Normalizer = {
  /** Makes the record of an event. Never throws, whatever the payload. */
  normalize(input: NormalizeInput): NormalizeResult;
  /** Tells whether this normalizer knows a schema version of every source. */
  isSupported(version: number): boolean;
  /** Tells whether this normalizer knows the schema version of an event: supported, or named by its mapping. */
  knows(event: Pick<ReadContext, 'tenant' | 'source' | 'schemaVersion'>): boolean;
};

/** The built-in types in the order in which a payload is compared with them. */
const BUILT_IN: readonly BuiltInRules[] = [vitalsRules, metricRules, personRules];

/**
 * Creates a normalizer. A source that has a code adapter is read by it, else one that has an active mapping by
 * that; all others by the built-in types. What is declared of a source decides the type of its records, whatever
 * type an event names. Events of an older schema version are upcast, step by step, to the newest that is
 * supported, or as far as there are upcasts of their type.
 *
 * @throws RangeError (not from the normalizer) when two adapters are for one source
 */
export function createNormalizer(options: NormalizerOptions = {}): Normalizer {
  const supported = new Set(options.supportedVersions ?? KNOWN_SCHEMA_VERSIONS);
  const newest = Math.max(...supported);
  const upcasts = options.upcasts ?? UPCASTS;
  const adapters = toAdapterIndex(options.adapters ?? []);
  const { findMapping } = options;

  const findDeclared = (tenant: string, source: string): ActiveRules | undefined =>
    adapters.get(source) ?? findMapping?.(tenant, source);

  const finish = (
    input: NormalizeInput,
    { type }: { readonly type: string },
    reading: Reading,
    revision: number | null,
  ): NormalizeResult => {
    const raised = upcast(upcasts, type, reading, input.schemaVersion, newest);
    if (raised.kind === 'refused') return raised;
    return { kind: 'record', record: toRecord(input, type, raised.reading, raised.version, revision) };
  };

  const normalizeDeclared = (input: NormalizeInput, { rules, revision }: ActiveRules): NormalizeResult => {
    const result = rules.read(input.payload, input);
    if (result.kind === 'refused') return result;
    if (result.kind === 'read') return finish(input, rules, result.reading, revision);
    return { kind: 'record', record: passThrough({ ...input, type: rules.type }, true, revision) };
  };

  return {
    isSupported: (version) => supported.has(version),
    knows: ({ tenant, source, schemaVersion }) =>
      supported.has(schemaVersion) || isNamed(schemaVersion, findDeclared(tenant, source)),
    normalize(input) {
      const result = normalizePayload(input);
      return result.kind === 'record' ? warnOfRounding(result, input) : result;
    },
  };

  function normalizePayload(input: NormalizeInput): NormalizeResult {
    const { payload, type, schemaVersion } = input;
    const declared = findDeclared(input.tenant, input.source);
    if (!supported.has(schemaVersion) && !isNamed(schemaVersion, declared)) {
      return { kind: 'unknown-version', version: schemaVersion };
    }
    if (declared !== undefined) return normalizeDeclared(input, declared);
    const named = BUILT_IN.find((rules) => rules.type === type);
    if (!isJsonObject(payload)) {
      return { kind: 'record', record: passThrough(input, named !== undefined, null) };
    }
    const view = toPayloadView(payload, input.rounded);
    const likely = type === undefined ? recognize(view, schemaVersion) : NO_TYPES;
    const rules = likely[0] ?? named;
    if (rules === undefined) return { kind: 'record', record: passThrough(input, false, null) };
    const result = rules.read(view, schemaVersion);
    if (result.kind === 'refused') return result;
    const reading = likely.length > 1 ? withRivals(result.reading, likely) : result.reading;
    return finish(input, rules, reading, null);
  }
}

/** Places that one warning names. */
const MAX_PLACES = 4;

/** Warns of numbers that lost digits, wherever they stand in the payload, unless a field's warning does. */
function warnOfRounding(
  result: Extract<NormalizeResult, { kind: 'record' }>,
  { payload, rounded }: NormalizeInput,
): NormalizeResult {
  const { record } = result;
  if (rounded === undefined || record.warnings.some(({ code }) => code === WARNINGS.numberRounded))
    return result;
  const places = findRoundedPlaces(payload, rounded, MAX_PLACES + 1);
  if (places.length === 0) return result;
  const named = places.slice(0, MAX_PLACES).map((place) => (place === '' ? 'the payload' : place));
  const more = places.length > MAX_PLACES ? ' and more' : '';
  const detail = `more digits than can be kept: ${named.join(', ')}${more}; the raw event has the exact text`;
  const warnings = [...record.warnings, { code: WARNINGS.numberRounded, detail }];
  return { kind: 'record', record: { ...record, warnings } };
}

function isNamed(version: number, declared: ActiveRules | undefined): boolean {
  return declared?.rules.versions.has(version) ?? false;
}

function toAdapterIndex(adapters: readonly SourceAdapter[]): ReadonlyMap<string, ActiveRules> {
  const index = new Map<string, ActiveRules>();
  for (const { source, revision, rules } of adapters) {
    if (index.has(source)) throw new RangeError(`There are two code adapters of the source ${source}.`);
    index.set(source, { revision, rules });
  }
  return index;
}

const NO_TYPES: readonly BuiltInRules[] = [];
const METRIC_ALONE: readonly BuiltInRules[] = [metricRules];

/** Finds the types that a payload looks like, the one that is taken first. */
function recognize(view: PayloadView, schemaVersion: number): readonly BuiltInRules[] {
  // A device may report a metric by its proper names: then it is no vital sign called `amount`.
  const { metric, amount } = view.payload;
  if (typeof metric === 'string' && amount !== undefined && metricRules.recognizes(view, schemaVersion)) {
    return METRIC_ALONE;
  }
  return BUILT_IN.filter((rules) => rules.recognizes(view, schemaVersion));
}

function withRivals(reading: Reading, likely: readonly BuiltInRules[]): Reading {
  const [taken, ...others] = likely.map(({ type }) => type);
  const detail = `the payload was read as ${taken}; it looks like ${others.join(' and ')} too`;
  return { ...reading, warnings: [...reading.warnings, { code: WARNINGS.typeGuessed, detail }] };
}

type Raised = { readonly kind: 'raised'; readonly reading: Reading; readonly version: number } | Refusal;

function upcast(
  upcasts: UpcastRegistry,
  type: string,
  read: Reading,
  schemaVersion: number,
  newest: number,
): Raised {
  let reading = read;
  let version = schemaVersion;
  try {
    while (version < newest) {
      const step = findUpcast(upcasts, type, version);
      if (step === undefined) break;
      reading = step(reading);
      version++;
    }
  } catch (error) {
    // The name alone: a message could quote the payload.
    const cause = error instanceof Error ? error.name : typeof error;
    const message = `The upcast of ${type} from version ${version} failed with ${cause}.`;
    return { kind: 'refused', code: 'ERR_UPCAST_FAILED', message };
  }
  return { kind: 'raised', reading, version };
}
