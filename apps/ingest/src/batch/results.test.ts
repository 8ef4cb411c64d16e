import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { batchAnswerSchema } from '@sluice/contracts/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createResults, type Results } from './results.ts';

const toId = (number: number) => `evt_${number.toString(16).padStart(32, '0')}`;
const read = (results: Results) =>
  batchAnswerSchema.parse({ ...results.count(), results: JSON.parse([...results.write()].join('')) });

test('says what became of every item, in whatever order that became known', () => {
  const kept = fc.record({ id: fc.nat().map(toId), duplicate: fc.boolean() });
  const refused = fc.record({
    code: fc.constantFrom('ERR_A', 'ERR_B'),
    detail: fc.string({ unit: 'binary' }),
  });
  const outcomes = fc.array(fc.oneof(kept, refused), { maxLength: 1000 });
  fc.assert(
    fc.property(outcomes, fc.infiniteStream(fc.nat()), (all, random) => {
      const results = createResults();
      const order = all.map((_, index) => ({ index, by: random.next().value }));
      for (const { index } of order.toSorted((left, right) => left.by - right.by)) {
        const outcome = all[index];
        if (outcome !== undefined && 'id' in outcome) results.keep(index, outcome);
        else if (outcome !== undefined) results.refuse(index, outcome);
      }
      const isKept = (outcome: (typeof all)[number]) => 'id' in outcome;
      expect(read(results)).toEqual({
        accepted: all.filter((one) => 'id' in one && !one.duplicate).length,
        duplicates: all.filter((one) => 'id' in one && one.duplicate).length,
        rejected: all.filter((one) => !isKept(one)).length,
        results: all.map((outcome, index) => ({ index, ...outcome })),
      });
    }),
    { numRuns: 30 },
  );
});

test('writes some kilobytes at a time', () => {
  const results = createResults();
  for (let index = 0; index < 50_000; index++) results.keep(index, { id: toId(index), duplicate: false });
  const pieces = [...results.write()];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(32 * 1024);
  expect(pieces.length).toBeGreaterThan(100);
});

test('holds 50,000 results in less than 3 MiB, whatever they are', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const measure = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = measure();
  const all = [createResults(), createResults()];
  for (let index = 0; index < 50_000; index++) {
    all[0]?.keep(index, { id: toId(index), duplicate: index % 2 === 0 });
    all[1]?.refuse(index, { code: 'ERR_JSON_INVALID', detail: `JSON parsing stopped at ${index % 200}.` });
  }
  expect((measure() - before) / all.length).toBeLessThan(3 * 1024 ** 2);
  expect(all.map((results) => results.count().rejected)).toEqual([0, 50_000]);
});

test('refuses an id that it could not give back', () => {
  expect(() => createResults().keep(0, { id: 'evt_1', duplicate: false })).toThrow(TypeError);
});
