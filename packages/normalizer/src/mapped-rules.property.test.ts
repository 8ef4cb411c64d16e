import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '@sluice/contracts/json';
import { FIELD_KINDS, type MappedField, type Mapping, mappingSchema } from '@sluice/contracts/mapping';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toContentHash } from './content-hash.ts';
import { createFieldReader, isFieldProblem } from './field-reader.ts';
import { createMappedRules } from './mapped-rules.ts';
import { createNormalizer } from './normalize.ts';
import { parseSafeJson } from './safe-json.ts';
import { WARNINGS } from './warnings.ts';

const keys = fc.constantFrom('a', 'b', 'c', 'd', '0', '1', 'x.y', 'a/~b', 'id', 'timestamp', '__proto__');
const scalars = fc.oneof(
  fc.constantFrom<JsonValue>(
    '1,200',
    '€ 12,50',
    '(5)',
    '12-',
    'ja',
    'N',
    '2024-01-01',
    '31.01.2024',
    ' x ',
    '',
    null,
  ),
  fc.constantFrom<JsonValue>(
    0,
    1,
    1704067200,
    1704067200123,
    '1704067200',
    '2024-03-31 02:30',
    '2024-10-27 02:30',
  ),
  fc.double() as fc.Arbitrary<JsonValue>,
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.boolean(),
);
const { json } = fc.letrec<{ json: JsonValue; object: JsonObject }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('json'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(keys, tie('json')), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries) as JsonObject),
}));
const objects = fc
  .array(fc.tuple(keys, json), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries) as JsonObject);

const paths = fc
  .array(keys, { minLength: 1, maxLength: 3 })
  .map((steps) => steps.map((step) => step.replaceAll('.', '\\.')).join('.'));
const names = fc.constantFrom('id', 'a', 'total', 'flag', 'other');

const dateFields = fc.record(
  {
    ...{ from: fc.array(paths, { minLength: 1, maxLength: 3 }), as: fc.constant('date' as const) },
    formats: fc.uniqueArray(fc.constantFrom('iso', 'seconds', 'millis', 'dd.MM.yyyy', 'MM.dd.yyyy'), {
      minLength: 1,
    }),
    zone: fc.constantFrom('Europe/Berlin', '+02:00', 'UTC'),
    default: fc.constantFrom(0, '2024-01-01'),
  },
  { requiredKeys: ['from', 'as'] },
);
const otherFields = fc.record(
  {
    from: fc.array(paths, { minLength: 1, maxLength: 3 }),
    as: fc.constantFrom(...FIELD_KINDS.filter((kind) => kind !== 'date')),
    required: fc.constant(true),
    default: fc.constantFrom(1, true, 'yes'),
    decimal: fc.constantFrom('.', ','),
    blank: fc.constantFrom([0, 'ja'], ['1,200', 1704067200]),
  },
  { requiredKeys: ['from', 'as'] },
);

/** Mappings of every kind; those that the schema or the compiler refuses are left out. */
const mappings: fc.Arbitrary<Mapping> = fc
  .record({
    type: fc.constantFrom('order', 'person'),
    fields: fc.dictionary(names, fc.oneof(otherFields, dateFields), { minKeys: 1, maxKeys: 5 }),
    timestamp: fc.option(dateFields, { nil: undefined }),
    dedupes: fc.boolean(),
    keepUnknown: fc.boolean(),
  })
  .map(({ type, fields: others, timestamp, dedupes, keepUnknown }) => {
    const fields = { ...others, ...(timestamp === undefined ? {} : { timestamp }) };
    const dedupe = dedupes ? { dedupe: { fields: Object.keys(fields) } } : {};
    return { type, fields, keepUnknown, ...dedupe, subject: Object.keys(fields)[0] };
  })
  .map((input) => mappingSchema.safeParse(input).data)
  .filter((mapping): mapping is Mapping => mapping !== undefined && isUsable(mapping));

function isUsable(mapping: Mapping): boolean {
  try {
    createMappedRules(mapping);
    return true;
  } catch {
    return false;
  }
}

function normalize(mapping: Mapping, payload: JsonValue, contentHash = 'c1') {
  const rules = createMappedRules(mapping);
  const normalizer = createNormalizer({ findMapping: () => ({ revision: 3, rules }) });
  return normalizer.normalize({
    ...{ tenant: 'default', source: 'shop', schemaVersion: 1, payload, contentHash },
    receivedAt: '2024-06-01T00:00:00.000Z',
  });
}

/** Normalizes JSON as it was sent, from its text on. */
function normalizeText(mapping: Mapping, text: string) {
  const { value: payload, exact } = parseSafeJson(text);
  const contentHash = toContentHash({ source: 'shop', payload, exact, body: Buffer.from(text) });
  return normalize(mapping, payload, contentHash);
}

/** Resolves a JSON pointer as RFC 6901 says, apart from the code under test. */
function resolve(payload: JsonValue, pointer: string): JsonValue | undefined {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<JsonValue | undefined>(
      (value, key) => Object.getOwnPropertyDescriptor(value ?? {}, key)?.value as JsonValue | undefined,
      payload,
    );
}

function toPointer(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Lists the places of what is no object or array, or an empty one; null is nothing. */
function listLeaves(value: JsonValue, pointer: string): string[] {
  if (value === null) return [];
  const inner = typeof value === 'object' ? Object.entries(value) : [];
  if (inner.length === 0) return [pointer];
  return inner.flatMap(([key, one]) => listLeaves(one, pointer + toPointer(key)));
}

function reread(field: MappedField, value: JsonValue) {
  const reader = createFieldReader(field);
  return isFieldProblem(reader) ? null : reader(value);
}

const runs = { numRuns: 400 };

describe('a mapped source', () => {
  it('never throws, whatever the mapping and the payload', () => {
    const anything = fc.oneof(
      { weight: 3, arbitrary: objects },
      json,
      fc.jsonValue() as fc.Arbitrary<JsonValue>,
    );
    fc.assert(
      fc.property(mappings, anything, (mapping, payload) => {
        const result = normalize(mapping, payload);
        if (result.kind !== 'record') {
          expect(result).toMatchObject({ kind: 'refused', code: expect.stringMatching(/^ERR_FIELD_/) });
          return;
        }
        const { record } = result;
        expect(record).toMatchObject({ type: mapping.type, mappingRevision: 3 });
        expect(record.normalizedHash).toMatch(/^[0-9a-f]{64}$/);
        if (record.timestamp !== null)
          expect(new Date(record.timestamp).toISOString()).toBe(record.timestamp);
      }),
      runs,
    );
  });

  it('names in its lineage the place that holds each value, by the declared conversion', () => {
    fc.assert(
      fc.property(mappings, objects, (mapping, payload) => {
        fc.pre(mapping.type !== 'person');
        const result = normalize(mapping, payload);
        if (result.kind !== 'record') return;
        const { data, lineage, timestamp, warnings } = result.record;
        expect(Object.keys(lineage).sort()).toEqual(Object.keys(mapping.fields).sort());
        for (const [name, { from, rule, conversion }] of Object.entries(lineage)) {
          const field = mapping.fields[name] as MappedField;
          const value = name === 'timestamp' ? timestamp : ((data as JsonObject)[name] ?? null);
          if (rule === 'mapping') {
            const there = resolve(payload, from ?? '');
            expect(there).not.toBeUndefined();
            const read = reread(field, there ?? null);
            expect(value).toEqual(read?.value);
            expect(conversion).toBe(read?.conversion);
            if (conversion === undefined)
              expect(Object.is(value, there) || isDeepStrictEqual(value, there)).toBe(true);
          } else {
            expect(from).toBeNull();
            expect(value).toEqual(rule === 'default' ? reread(field, field.default ?? null)?.value : null);
            const isMissing = warnings.some(
              (one) => one.code === WARNINGS.fieldMissing && one.field === name,
            );
            expect(isMissing).toBe(rule === 'missing');
          }
        }
      }),
      runs,
    );
  });

  it('loses no key: what no field holds wholly is kept or warned of, or all of it is dropped', () => {
    fc.assert(
      fc.property(mappings, objects, (mapping, payload) => {
        fc.pre(mapping.type !== 'person');
        const result = normalize(mapping, payload);
        if (result.kind !== 'record') return;
        const { data, lineage, warnings } = result.record;
        const used = new Set(Object.values(lineage).map(({ from }) => from));
        for (const [key, value] of Object.entries(payload)) {
          if (value === null || used.has(toPointer(key))) continue;
          if (Object.hasOwn(mapping.fields, key) || key === 'timestamp') {
            const isWarned = warnings.some((one) => one.code === WARNINGS.fieldDropped && one.field === key);
            const isHeld = listLeaves(value, toPointer(key)).every((leaf) =>
              [...used].some((place) => place !== null && (leaf === place || leaf.startsWith(`${place}/`))),
            );
            expect(isWarned).toBe(mapping.keepUnknown && !isHeld);
          } else if (mapping.keepUnknown) {
            expect(Object.getOwnPropertyDescriptor(data, key)?.value).toBe(value);
          } else expect(Object.hasOwn(data as JsonObject, key)).toBe(false);
        }
      }),
      runs,
    );
  });

  it('gives the same record again, whatever the order of keys and the white space', () => {
    fc.assert(
      fc.property(mappings, objects, (mapping, payload) => {
        const text = JSON.stringify(payload);
        fc.pre(!text.includes('\\ud') && !text.includes('"__proto__"'));
        const first = normalizeText(mapping, text);
        const pretty = JSON.stringify(reverseKeys(JSON.parse(text)), null, '\t');
        expect(normalizeText(mapping, text)).toEqual(first);
        expect(normalizeText(mapping, pretty)).toEqual(first);
      }),
      runs,
    );
  });

  it('leaves the payload untouched', () => {
    fc.assert(
      fc.property(mappings, objects, (mapping, payload) => {
        const before = structuredClone(payload);
        normalize(mapping, payload);
        expect(payload).toEqual(before);
      }),
    );
  });
});

function reverseKeys(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reverseKeys);
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, reverseKeys(inner)]));
}
