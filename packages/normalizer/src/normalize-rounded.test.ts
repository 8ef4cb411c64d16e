import { mappingSchema } from '@sluice/contracts/mapping';
import { describe, expect, it } from 'vitest';
import { defineSource } from './define-source.ts';
import { createMappedRules } from './mapped-rules.ts';
import { createNormalizer } from './normalize.ts';
import { readWholePayload } from './read-payload.ts';
import { WARNINGS } from './warnings.ts';

const mapping = (as: string) =>
  createMappedRules(
    mappingSchema.parse({
      type: 'reading',
      fields: { x: { from: 'a', as }, n: { from: 'n', as: 'number', default: 0 } },
      dedupe: { fields: ['x'] },
      subject: 'x',
    }),
  );

const adapter = defineSource({
  source: 'code',
  type: 'reading',
  normalize: (payload) => ({ data: { x: (payload as { a: number }).a }, dedupe: ['x'] }),
});

const normalizer = createNormalizer({
  adapters: [adapter],
  findMapping: (_tenant, source) =>
    source.startsWith('as-') ? { revision: 1, rules: mapping(source.slice(3)) } : undefined,
});

/** Normalizes what arrived as this text, as an event whose content hash is that text. */
function read(source: string, body: string) {
  return normalizer.normalize({
    ...{ tenant: 'default', source, contentHash: body, schemaVersion: 1 },
    receivedAt: '2026-01-01T00:00:00.000Z',
    ...readWholePayload({ body, form: 'payload', contentType: 'application/json' }),
  });
}

function record(source: string, body: string) {
  const result = read(source, body);
  if (result.kind !== 'record') throw new Error(JSON.stringify(result));
  return result.record;
}

const codes = (source: string, body: string) => record(source, body).warnings.map(({ code }) => code);
const hashes = (source: string, ...bodies: string[]) =>
  new Set(bodies.map((body) => record(source, body).normalizedHash)).size;

describe('a number that does not survive parsing', () => {
  it.each(['as-number', 'as-any', 'as-string', 'code'])('does not make two events the same: %s', (source) => {
    expect(hashes(source, '{"a":0.12345678901234567891}', '{"a":0.12345678901234567892}')).toBe(2);
    expect(hashes(source, '{"a":1.00000000000000000001}', '{"a":1.00000000000000000002}')).toBe(2);
    expect(hashes(source, '{"a":0.5}', '{"a":5e-1}', '{"a":0.5,"b":0.12345678901234567891}')).toBe(1);
  });

  it('does not where it stands in an object', () => {
    const [one, two] = ['{"a":{"b":[0.12345678901234567891]}}', '{"a":{"b":[0.12345678901234567892]}}'];
    expect(hashes('as-any', one, two)).toBe(2);
  });

  it('does not as a vital sign or an amount', () => {
    const vitals = (digit: number) =>
      `{"device":"d","timestamp":1700000000,"steps":0.1234567890123456789${digit}}`;
    const metric = (digit: number) =>
      `{"metric":"m","timestamp":1700000000,"amount":0.1234567890123456789${digit}}`;
    expect(hashes('watch', vitals(1), vitals(2))).toBe(2);
    expect(hashes('till', metric(1), metric(2))).toBe(2);
  });

  it('is warned of in a whole number, and stops no event of which another number lost digits', () => {
    expect(record('as-integer', '{"a":7.00000000000000000001}')).toMatchObject({
      data: { x: 7 },
      warnings: [{ code: WARNINGS.numberRounded }],
    });
    const other = '{"a":3,"other":2.9999999999999999999999999999}';
    expect(record('as-integer', other).data).toMatchObject({ x: 3 });
    expect(record('as-integer', '{"a":7.0}').data).toMatchObject({ x: 7 });
    expect(read('as-integer', '{"a":12345678901234567890}')).toMatchObject({ kind: 'refused' });
  });

  it('is warned of, whether a field takes it or not', () => {
    expect(codes('plain', '{"a":9007199254740993}')).toEqual([WARNINGS.numberRounded]);
    expect(codes('plain', '12345678901234567890')).toEqual([WARNINGS.numberRounded]);
    expect(codes('plain', '{"a":1e999}')).toEqual([WARNINGS.numberRounded]);
    expect(codes('as-number', '{"a":1,"other":0.12345678901234567891}')).toEqual([WARNINGS.numberRounded]);
    expect(codes('as-number', '{"a":0.12345678901234567891}')).toEqual([WARNINGS.numberRounded]);
    expect(codes('code', '{"a":0.12345678901234567891}')).toEqual([WARNINGS.numberRounded]);
    expect(codes('plain', '{"a":0.1234567890123456,"b":"9007199254740993"}')).toEqual([]);
  });

  it('is warned of with its place, and no more than four', () => {
    const many = `[${Array.from({ length: 9 }, () => '9007199254740993').join()}]`;
    const [warning] = record('plain', `{"list":${many}}`).warnings;
    expect(warning?.detail).toContain('/list/0, /list/1, /list/2, /list/3 and more');
  });
});

describe('a long number that names something', () => {
  const [one, two] = ['1234567890123456789', '1234567890123456788'];
  const device = (digits: string, more = '') =>
    `{"device":${digits},"heartRate":60,"timestamp":"2026-01-01T00:00:00Z"${more}}`;

  it('keeps its digits as a text, and as a subject', () => {
    for (const digits of [one, two]) {
      const vitals = record('watch', device(digits));
      expect(vitals).toMatchObject({ type: 'vitals', subject: digits, data: { deviceId: digits } });
      expect(vitals.warnings).toMatchObject([{ code: WARNINGS.numberRounded, field: 'deviceId' }]);
      for (const as of ['string', 'number', 'any']) {
        expect(record(`as-${as}`, `{"a":${digits}}`).subject).toBe(digits);
      }
      expect(record('as-string', `{"a":${digits}}`).data).toMatchObject({ x: digits });
    }
    expect(record('people', `{"name":"Ada Byron","id":${one},"phone":"1"}`).subject).toBe(one);
  });

  it('names nothing where its digits are not known', () => {
    expect(record('watch', device(one, `,"other":${two}`)).subject).toBeNull();
    expect(record('as-number', `{"a":${one},"b":${two}}`).subject).toBeNull();
    expect(record('as-string', `{"a":${'9'.repeat(101)}}`).subject).toBeNull();
  });

  it('leaves it to the content whether two events are the same', () => {
    expect(hashes('watch', device(one), `${device(one)} `)).toBe(2);
    expect(record('as-string', '{"a":0.5}').subject).toBe('0.5');
  });
});
