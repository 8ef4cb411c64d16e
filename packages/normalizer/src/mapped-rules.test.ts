import { ProblemException } from '@sluice/contracts/errors';
import type { JsonValue } from '@sluice/contracts/json';
import { type Mapping, mappingSchema } from '@sluice/contracts/mapping';
import { describe, expect, it } from 'vitest';
import { createMappedRules } from './mapped-rules.ts';
import type { Reading } from './rule-set.ts';
import { WARNINGS } from './warnings.ts';

type MappingInput = (typeof mappingSchema)['_zod']['input'];

function toMapping(changes: Partial<MappingInput>): Mapping {
  return mappingSchema.parse({ type: 'order', fields: { id: { from: 'id' } }, ...changes });
}

function readResult(changes: Partial<MappingInput>, payload: JsonValue, schemaVersion = 1) {
  const context = {
    tenant: 'default',
    source: 'shop',
    schemaVersion,
    receivedAt: '2024-06-01T00:00:00.000Z',
  };
  return createMappedRules(toMapping(changes)).read(payload, context);
}

function read(changes: Partial<MappingInput>, payload: JsonValue, schemaVersion = 1): Reading {
  const result = readResult(changes, payload, schemaVersion);
  if (result.kind !== 'read') throw new Error(`no reading: ${JSON.stringify(result)}`);
  return result.reading;
}

function readOne(field: MappingInput['fields'][string], payload: JsonValue) {
  const { fields, lineage, warnings } = read({ fields: { x: field } }, payload);
  return { value: fields.get('x'), lineage: lineage.get('x'), codes: warnings.map(({ code }) => code) };
}

describe('a mapped field', () => {
  it.each<[MappingInput['fields'][string], JsonValue, JsonValue, string[], string?]>([
    [{ from: 'a', as: 'string' }, ' text ', 'text', [], 'trimmed'],
    [{ from: 'a', as: 'string' }, 'text', 'text', []],
    [{ from: 'a', as: 'string' }, 7.5, '7.5', [], 'number to string'],
    [{ from: 'a', as: 'string' }, true, 'true', [], 'boolean to string'],
    [{ from: 'a', as: 'string' }, 2 ** 60, String(2 ** 60), [WARNINGS.numberRounded], 'number to string'],
    [{ from: 'a', as: 'number' }, 12.5, 12.5, []],
    [
      { from: 'a', as: 'number' },
      '€ 1.234,56',
      1234.56,
      [WARNINGS.currencyDropped],
      'string to number, without €',
    ],
    [
      { from: 'a', as: 'number' },
      'USD 12.50',
      12.5,
      [WARNINGS.currencyDropped],
      'string to number, without USD',
    ],
    [
      { from: 'a', as: 'number' },
      '12,50 EUR',
      12.5,
      [WARNINGS.numberGuessed, WARNINGS.currencyDropped],
      'string to number, without EUR',
    ],
    [{ from: 'a', as: 'number', decimal: ',' }, '12,50', 12.5, [], 'string to number'],
    [{ from: 'a', as: 'number' }, '(12.50)', -12.5, [], 'string to number, parentheses as minus'],
    [{ from: 'a', as: 'integer' }, 12, 12, []],
    [{ from: 'a', as: 'integer' }, '12.0', 12, [], 'string to number'],
    [{ from: 'a', as: 'integer', decimal: ',' }, '1.200', 1200, [], 'string to number'],
    [{ from: 'a', as: 'integer' }, '1,200', 1200, [WARNINGS.numberGuessed], 'string to number'],
    [{ from: 'a', as: 'boolean' }, 'ja', true, [], 'string to boolean'],
    [{ from: 'a', as: 'boolean' }, 'n', false, [WARNINGS.booleanGuessed], 'string to boolean'],
    [{ from: 'a', as: 'date' }, 1704067200, '2024-01-01T00:00:00.000Z', [], 'epoch seconds to UTC'],
    [
      { from: 'a', as: 'date', zone: 'Europe/Berlin' },
      '2024-01-01 01:00',
      '2024-01-01T00:00:00.000Z',
      [],
      'ISO 8601 in Europe/Berlin to UTC',
    ],
    [{ from: 'a' }, { deep: [1, null] }, { deep: [1, null] }, []],
    [{ from: 'a' }, '  ', '  ', []],
    [{ from: 'a' }, false, false, []],
    [{ from: 'a' }, '\ud800', '\ud800', []],
  ])('%j reads %j as %j with the warnings %j', (field, a, value, codes, conversion) => {
    expect(readOne(field, { a })).toEqual({
      value,
      codes,
      lineage: { from: '/a', rule: 'mapping', ...(conversion === undefined ? {} : { conversion }) },
    });
  });

  it.each<[MappingInput['fields'][string], JsonValue, RegExp]>([
    [{ from: 'a', as: 'string' }, { secret: 1 }, /at \/a is not a text: got an object/],
    [{ from: 'a', as: 'string' }, '\ud800', /is not a text/],
    [{ from: 'a', as: 'number' }, 'hunter2', /is not a number: got a string of 7 characters/],
    [{ from: 'a', as: 'number' }, '5%', /is not a number/],
    [{ from: 'a', as: 'number' }, true, /is not a number/],
    [{ from: 'a', as: 'number', decimal: ',' }, '12.50', /is not a number with `,` before decimals: got/],
    [{ from: 'a', as: 'integer', decimal: ',' }, '1,5', /whole number/],
    [{ from: 'a', as: 'integer' }, 12.5, /whole number/],
    [{ from: 'a', as: 'integer' }, '12345678901234567890', /whole number/],
    [{ from: 'a', as: 'integer' }, '1.00000000000000000001', /whole number/],
    [{ from: 'a', as: 'boolean' }, 'perhaps', /is not a boolean/],
    [{ from: 'a', as: 'date' }, 'yesterday', /is not a time/],
    [
      { from: 'a', as: 'date', formats: ['iso', 'dd.MM.yy'] },
      '01.01.2024 10:00',
      /is not a time written as iso or dd.MM.yy: got/,
    ],
    [{ from: ['a', 'b'], as: 'number' }, 'hunter2', /is not a number/],
  ])('%j refuses %j and does not quote it', (field, a, message) => {
    const result = readResult({ fields: { x: field } }, { a, b: 1 });
    expect(result).toMatchObject({ kind: 'refused', code: 'ERR_FIELD_UNREADABLE', field: 'x' });
    expect(result).toMatchObject({ message: expect.stringMatching(message) });
    expect(JSON.stringify(result)).not.toMatch(/hunter2|secret/);
  });

  it.each<[JsonValue]>([[{}], [{ a: null }], [{ a: ' ' }], [{ a: { b: 1 } }]])(
    'is missing in %j',
    (payload) => {
      const from = 'a.c';
      expect(readOne({ from, as: 'number' }, payload)).toEqual({
        ...{ value: null, lineage: { from: null, rule: 'missing' }, codes: [WARNINGS.fieldMissing] },
      });
      expect(readOne({ from, as: 'number', default: '1,5' }, payload)).toEqual({
        ...{ value: 1.5, lineage: { from: null, rule: 'default' }, codes: [WARNINGS.numberGuessed] },
      });
      expect(readOne({ from, as: 'number', default: 2 }, payload).codes).toEqual([]);
      expect(readResult({ fields: { x: { from, required: true } } }, payload)).toMatchObject({
        ...{ kind: 'refused', code: 'ERR_FIELD_REQUIRED', field: 'x' },
      });
    },
  );

  it('takes null and a blank text for missing', () => {
    for (const a of [null, '', ' \n']) expect(readOne({ from: 'a', as: 'string' }, { a }).value).toBeNull();
    expect(readOne({ from: ['a', 'b'], as: 'string' }, { a: '', b: 'x' }).lineage?.from).toBe('/b');
    expect(readOne({ from: 'a' }, { a: null }).codes).toEqual([WARNINGS.fieldMissing]);
  });

  it('takes for missing what is declared to be blank', () => {
    const field = { from: ['a', 'b'], as: 'number' as const, blank: ['N/A', '-', -999] };
    for (const a of ['n/a', ' N/A ', '-', -999, '', null]) {
      expect(readOne(field, { a })).toMatchObject({ value: null, codes: [WARNINGS.fieldMissing] });
    }
    expect(readOne(field, { a: 'n/a', b: '5' })).toMatchObject({
      value: 5,
      lineage: { from: '/b' },
      codes: [],
    });
    expect(readOne(field, { a: 5, b: 'n/a' })).toMatchObject({ value: 5, codes: [] });
    expect(readOne({ ...field, default: 0 }, { a: '-' })).toMatchObject({ value: 0, codes: [] });
    expect(readResult({ fields: { x: field } }, { a: '-999' })).toMatchObject({ kind: 'read' });
    expect(readResult({ fields: { x: field } }, { a: 'none' })).toMatchObject({ kind: 'refused' });
    expect(readOne({ from: 'a', blank: ['none'] }, { a: 'None' }).value).toBeNull();
    expect(readOne({ from: 'a', blank: ['none'] }, { a: ' ' }).value).toBe(' ');
    const day = { from: 'a', as: 'date' as const, blank: ['0000-00-00'] };
    expect(readOne(day, { a: '0000-00-00' }).value).toBeNull();
  });

  it('says where a required one was looked for', () => {
    const refuse = (from: string[], payload: JsonValue) =>
      readResult({ fields: { x: { from, required: true } } }, payload);
    expect(refuse(['a.b', 'c'], { a: {} })).toMatchObject({
      message: 'The field x is missing: there is no value at /a/b, /c.',
    });
    expect(refuse(['a', 'b', 'c', 'd', 'e', 'f'], {})).toMatchObject({
      message: 'The field x is missing: there is no value at /a, /b, /c, /d and 2 more places.',
    });
    expect(refuse(['a'], [1])).toMatchObject({
      message: 'The field x is missing: the payload is no object.',
    });
  });

  it('warns of a number that is too large to be kept', () => {
    expect(readOne({ from: 'a' }, JSON.parse('{"a":1e400}'))).toMatchObject({
      codes: [WARNINGS.numberRounded],
    });
  });

  it('is taken from the first path that holds a value', () => {
    const payload = { price: { gross: '5', net: 4 }, lines: [{ sku: 'x' }], 'a.b': 1 };
    expect(readOne({ from: ['cost', 'price.gross'], as: 'number' }, payload)).toMatchObject({
      ...{ value: 5, lineage: { from: '/price/gross' }, codes: [] },
    });
    expect(readOne({ from: 'lines.0.sku' }, payload).lineage?.from).toBe('/lines/0/sku');
    expect(readOne({ from: 'a\\.b' }, payload).value).toBe(1);
    expect(
      readOne({ from: ['constructor', 'toString', '__proto__', 'lines.length'] }, payload).value,
    ).toBeNull();
  });

  it('warns when a later path holds another value', () => {
    const from = ['a', 'b', 'c'];
    const read = (payload: JsonValue) => readOne({ from, as: 'number' }, payload);
    expect(read({ a: 1, c: 2 })).toMatchObject({ value: 1, codes: [WARNINGS.fieldAmbiguous] });
    expect(read({ a: 1, b: 'no number' }).codes).toEqual([]);
    expect(read({ a: 1200, b: '1200', c: '1200.0' }).codes).toEqual([]);
    expect(read({ a: 1, b: null, c: ' ' }).codes).toEqual([]);
    expect(readOne({ from }, { a: { x: 1, y: [2] }, b: { y: [2], x: 1 } }).codes).toEqual([]);
    expect(readOne({ from }, { a: { x: 1 }, b: { x: 2 } }).codes).toEqual([WARNINGS.fieldAmbiguous]);
  });
});

describe('a mapped field that is a value here and an object there', () => {
  it.each([[['price', 'price.gross']], [['price.gross', 'price']]])('is read by %j from both', (from) => {
    const field = { from, as: 'number' as const };
    expect(readOne(field, { price: 5 })).toMatchObject({ value: 5, lineage: { from: '/price' }, codes: [] });
    expect(readOne(field, { price: { gross: 5 } })).toMatchObject({
      ...{ value: 5, lineage: { from: '/price/gross' }, codes: [] },
    });
    expect(readResult({ fields: { x: field } }, { price: { net: 5 } })).toMatchObject({
      ...{ kind: 'refused', code: 'ERR_FIELD_UNREADABLE' },
      message: 'The field x at /price is not a number: got an object.',
    });
  });

  it('is no rival of itself as `any`', () => {
    expect(readOne({ from: ['price.gross', 'price'] }, { price: { gross: 5 } }).codes).toEqual([]);
    expect(readOne({ from: ['price', 'price.gross'] }, { price: { gross: 5 } }).codes).toEqual([]);
  });
});

describe('a mapping', () => {
  it('makes the field timestamp the time of the record', () => {
    const fields = {
      timestamp: { from: 'at', as: 'date' as const },
      day: { from: 'at', as: 'date' as const },
    };
    const reading = read(
      { fields, dedupe: { fields: ['timestamp'] } },
      { at: '2024-01-01T00:00:00.0000001Z' },
    );
    expect(reading.timestamp).toBe('2024-01-01T00:00:00.000Z');
    expect([...reading.fields]).toEqual([['day', '2024-01-01T00:00:00.000Z']]);
    expect([...reading.dedupe]).toEqual([['timestamp', '2024-01-01T00:00:00.0000001Z']]);
    expect(reading.lineage.get('timestamp')?.from).toBe('/at');
    const missing = read({ fields }, {});
    expect(missing.timestamp).toBeNull();
    expect(missing.warnings.map(({ field }) => field)).toEqual(['timestamp', 'day']);
  });

  it('reads a schema version by its own fields, the others as ever', () => {
    const changes = {
      fields: { id: { from: 'id' }, total: { from: 'total', as: 'number' as const } },
      versions: { 2: { fields: { total: { from: 'sum.gross', as: 'number' as const } } } },
    };
    const payload = { id: 'o1', total: 1, sum: { gross: '2' } };
    expect([...read(changes, payload, 1).fields]).toEqual([
      ['id', 'o1'],
      ['total', 1],
    ]);
    expect([...read(changes, payload, 2).fields]).toEqual([
      ['id', 'o1'],
      ['total', 2],
    ]);
    expect([...read(changes, payload, 3).fields]).toEqual([
      ['id', 'o1'],
      ['total', 1],
    ]);
    expect([...createMappedRules(toMapping(changes)).versions]).toEqual([2]);
  });

  it('keeps what no field holds wholly', () => {
    const payload = { id: 1, price: { gross: 5, net: 4 }, tags: ['a', 'b'], note: null, extra: true };
    const fields = { id: { from: 'id' }, gross: { from: 'price.gross' }, tag: { from: 'tags.0' } };
    const { id: _, ...others } = payload;
    expect(Object.fromEntries(read({ fields }, payload).extras)).toEqual(others);
    expect(read({ fields, keepUnknown: false }, payload).extras.size).toBe(0);
  });

  it('keeps the value of a later path that was not taken', () => {
    const { extras } = read({ fields: { x: { from: ['a', 'b'] } } }, { a: 1, b: 2 });
    expect([...extras]).toEqual([['b', 2]]);
  });

  it('names the subject by a field', () => {
    const changes = {
      fields: { id: { from: 'id' }, timestamp: { from: 'at', as: 'date' as const } },
      subject: 'id',
    };
    expect(read(changes, { id: 7 }).subject).toBe('7');
    expect(read(changes, { id: 'x' }).subject).toBe('x');
    expect(read(changes, { id: { a: 1 } }).subject).toBeNull();
    expect(read(changes, {}).subject).toBeNull();
    expect(read({ ...changes, subject: 'timestamp' }, { at: 0 }).subject).toBe('1970-01-01T00:00:00.000Z');
    expect(read({}, { id: 7 }).subject).toBeNull();
  });

  it('does not tell records apart by what lost digits or cannot be hashed', () => {
    const dedupe = { fields: ['id'] };
    const identity = (id: JsonValue, as: 'any' | 'number' | 'string' | 'date' = 'any') =>
      Object.fromEntries(read({ fields: { id: { from: 'id', as } }, dedupe }, { id }).dedupe);
    expect(identity('x')).toEqual({ id: 'x' });
    expect(identity({ b: 1, a: [2] })).toEqual({ id: { a: [2], b: 1 } });
    expect(identity(12345678901234567890n.toString(), 'number')).toEqual({ id: null });
    expect(identity(2 ** 60)).toEqual({ id: null });
    expect(identity(2 ** 60, 'string')).toEqual({ id: null });
    expect(identity(1704067200123456800, 'date')).toEqual({ id: null });
    expect(identity(['\ud800'])).toEqual({ id: null });
    expect(read({ fields: { id: { from: 'id' } } }, { id: 1 }).dedupe.size).toBe(0);
  });

  it('tells currencies apart by a field that has the amount as it was written', () => {
    const fields = { amount: { from: 'a', as: 'number' }, written: { from: 'a', as: 'string' } } as const;
    const identity = (names: string[], a: string) =>
      read({ fields, dedupe: { fields: names } }, { a }).dedupe;
    expect(identity(['amount'], '€5')).toEqual(identity(['amount'], '$5'));
    expect(identity(['amount', 'written'], '€5')).not.toEqual(identity(['amount', 'written'], '$5'));
  });

  it('passes on what is no object, unless a field is required', () => {
    for (const payload of [null, 'text', 7, [{ id: 1 }]]) {
      expect(readResult({}, payload)).toEqual({ kind: 'not-object' });
      expect(readResult({ fields: { id: { from: 'id', required: true } } }, payload)).toMatchObject({
        ...{ kind: 'refused', code: 'ERR_FIELD_REQUIRED', field: 'id' },
      });
    }
  });
});

describe('createMappedRules', () => {
  it.each<[Partial<MappingInput>, string]>([
    [{ fields: { x: { from: ['a', 'b..c'] } } }, '/fields/x/from/1'],
    [{ fields: { x: { from: '\ud800' } } }, '/fields/x/from/0'],
    [{ fields: { x: { from: 'a', as: 'date', zone: 'Mars/Base' } } }, '/fields/x/zone'],
    [{ fields: { x: { from: 'a', as: 'date', zone: 'BST' } } }, '/fields/x/zone'],
    [{ fields: { x: { from: 'a', as: 'date', formats: ['DD.MM.YYYY'] } } }, '/fields/x/formats/0'],
    [{ fields: { x: { from: 'a', as: 'date', formats: ['iso', 'HH:mm'] } } }, '/fields/x/formats/1'],
    [{ fields: { x: { from: 'a', as: 'number', default: 'abc' } } }, '/fields/x/default'],
    [
      { fields: { x: { from: 'a', as: 'date', formats: ['dd.MM.yyyy'], default: '2024-01-01' } } },
      '/fields/x/default',
    ],
    [{ fields: { x: { from: 'a', default: '\ud800' } } }, '/fields/x/default'],
    [{ versions: { 2: { fields: { id: { from: '.' } } } } }, '/versions/2/fields/id/from/0'],
    [
      {
        fields: { timestamp: { from: 'a', as: 'date' } },
        versions: { 2: { fields: { timestamp: { from: 'a', as: 'string' } } } },
      },
      '/versions/2/fields/timestamp/as',
    ],
    [{ type: '\ud800' }, '/type'],
  ])('refuses %j and points at %s', (changes, pointer) => {
    try {
      createMappedRules(toMapping(changes));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemException);
      expect(error).toMatchObject({ code: 'ERR_BODY_INVALID', errors: [{ pointer }] });
    }
  });
});
