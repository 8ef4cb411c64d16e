import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toShortName } from './vitals.ts';

/** What it means, as a pattern; of long names it takes minutes. */
const SHORT = /^(.+?)(?:_?Value|_value)+$/;

it('leaves out what a name only ends with because it is a value', () => {
  const parts = fc.constantFrom('Value', '_', '_value', 'value', 'V', 'a', '\n', '\u2028');
  const names = fc.array(parts, { maxLength: 8 }).map((some) => some.join(''));
  fc.assert(
    fc.property(names, (name) => {
      expect(toShortName(name)).toBe(SHORT.exec(name)?.[1]);
    }),
    { numRuns: 5000 },
  );
});

it('takes a name as long as a body at once', () => {
  const began = performance.now();
  expect(toShortName(`${'Value'.repeat(200_000)}x`)).toBeUndefined();
  expect(toShortName('Value'.repeat(200_000))).toBe('Value');
  expect(performance.now() - began).toBeLessThan(1000);
});
