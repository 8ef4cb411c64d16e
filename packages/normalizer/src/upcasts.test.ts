import type { JsonObject } from '@sluice/contracts/json';
import { mappingSchema } from '@sluice/contracts/mapping';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMappedRules } from './mapped-rules.ts';
import { createNormalizer } from './normalize.ts';
import { UPCASTS } from './upcasts.ts';

const FIELDS = ['name', 'first_name', 'last_name', 'display_name', 'id', 'action'] as const;

/** Creates what gives the hash of a payload in version 1, by a mapping of its fields and of what makes two the same. */
function hashBy(type: string, fields: readonly string[], dedupe?: readonly string[]) {
  const rules = createMappedRules(
    mappingSchema.parse({
      type,
      fields: Object.fromEntries(fields.map((name) => [name, { from: name }])),
      ...(dedupe === undefined ? {} : { dedupe: { fields: dedupe } }),
    }),
  );
  const normalizer = createNormalizer({ findMapping: () => ({ revision: 1, rules }) });
  return (payload: JsonObject, contentHash: string) => {
    const result = normalizer.normalize({
      ...{ tenant: 'default', source: 'hr', schemaVersion: 1, payload, contentHash },
      receivedAt: '2024-06-01T00:00:00.000Z',
    });
    if (result.kind !== 'record') throw new Error(`no record: ${result.kind}`);
    return result.record.normalizedHash;
  };
}

const types = fc.constantFrom('order', ...Object.keys(UPCASTS));
const texts = fc.constantFrom('Ada Lovelace', 'Ada King Lovelace', 'Jane Lovelace', 'Ada', 'Lovelace', '7');
const fieldLists = fc.subarray([...FIELDS], { minLength: 1 });
const payloads = fc.dictionary(fc.constantFrom(...FIELDS), texts, { noNullPrototype: true });

describe('an upcast of what a mapping read', () => {
  it('leaves two events apart that only share a name, when the mapping does not say that names tell', () => {
    const created = { name: 'John Smith', id: '1', action: 'created' };
    const deleted = { name: 'John Smith', id: '2', action: 'deleted' };
    const byContent = hashBy('person', ['name']);
    expect(byContent(created, 'c1')).not.toBe(byContent(deleted, 'c2'));
    const byId = hashBy('person', ['name', 'id'], ['id']);
    expect(byId(created, 'c1')).not.toBe(byId(deleted, 'c2'));
    expect(byId({ ...deleted, id: '1', name: 'John H. Smith' }, 'c2')).toBe(byId(created, 'c1'));
    const byName = hashBy('person', ['name', 'id'], ['name']);
    expect(byName(created, 'c1')).toBe(byName(deleted, 'c2'));
    expect(byName(created, 'c1')).not.toBe(byName({ ...created, name: 'Jane Smith' }, 'c2'));
  });

  it('lets the content tell where the name does not, as one that has no canonical JSON', () => {
    const byName = hashBy('person', ['name'], ['name']);
    expect(byName({ name: '\ud800 Smith' }, 'c1')).not.toBe(byName({ name: '\ud800 Smith' }, 'c2'));
  });

  it('joins no two contents where the mapping has no dedupe fields, whatever the type', () => {
    fc.assert(
      fc.property(types, fieldLists, payloads, (type, fields, payload) => {
        const hash = hashBy(type, fields);
        expect(hash(payload, 'c1')).not.toBe(hash(payload, 'c2'));
      }),
      { numRuns: 300 },
    );
  });

  it('joins two contents only where all the dedupe fields are there and alike', () => {
    const dedupes = fieldLists.chain((fields) =>
      fc.tuple(fc.constant(fields), fc.subarray(fields, { minLength: 1 })),
    );
    fc.assert(
      fc.property(types, dedupes, payloads, payloads, (type, [fields, dedupe], one, other) => {
        const hash = hashBy(type, fields, dedupe);
        if (hash(one, 'c1') !== hash(other, 'c2')) return;
        expect(dedupe.map((name) => one[name] ?? null)).toEqual(dedupe.map((name) => other[name]));
      }),
      {
        numRuns: 1000,
        examples: [
          [
            'person',
            [
              ['name', 'first_name'],
              ['name', 'first_name'],
            ],
            { name: 'Ada Lovelace', first_name: 'Ada' },
            { name: 'Jane Lovelace', first_name: 'Ada' },
          ],
        ],
      },
    );
  });
});
