import { ProblemException } from '@sluice/contracts/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExactNumber } from './exact-number.ts';
import { decodeUtf8, MAX_JSON_DEPTH, parseSafeJson } from './safe-json.ts';

function refuse(text: string): ProblemException {
  try {
    parseSafeJson(text);
  } catch (error) {
    if (error instanceof ProblemException) return error;
    throw error;
  }
  throw new Error('was accepted');
}

function nest(levels: number): string {
  return `${'[{"a":'.repeat(Math.floor(levels / 2))}${levels % 2 === 1 ? '[]' : '1'}${'}]'.repeat(Math.floor(levels / 2))}`;
}

describe('parseSafeJson', () => {
  it('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'grapheme', noUnicodeString: false }), (text) => {
        fc.pre(!/"(?:\$|__proto__)/.test(text));
        expect(parseSafeJson(text).value).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  it('never throws anything but a problem, for any text', () => {
    const pieces = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\\u',
        '\\ud800',
        'tru',
        'true',
        '-',
        '1',
        '1e',
        '"a"',
        '$',
        ' ',
        '\n',
        '\0',
        '\ufeff',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(refuse(text).code).toBe('ERR_JSON_INVALID');
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['', 'line 1, column 1'],
    ['{"a":tru}', 'line 1, column 6'],
    ['{"a":1,}', 'line 1, column 8'],
    ['{"a":1,\n  "b":nope}', 'line 2, column 7'],
    ['[1,,2]', 'line 1, column 4'],
    ['[1,]', 'line 1, column 4'],
    ['{"a":}', 'line 1, column 6'],
    ['[[],{},"a\\"]x",:]', 'line 1, column 16'],
    ['[1,2', 'line 1, column 5'],
    ['{"a":"x\ny"}', 'line 1, column 8'],
  ])('names the place where %j stops being JSON', (text, place) => {
    const problem = refuse(text);
    expect(problem.code).toBe('ERR_JSON_INVALID');
    expect(problem.message).toContain(`at ${place}`);
    expect(problem.errors).toEqual([{ pointer: '', detail: `not valid JSON at ${place}` }]);
  });

  it('does not echo the text', () => {
    const problem = refuse('{"password":"hunter2",secret}');
    expect(JSON.stringify([problem.message, problem.errors])).not.toMatch(/hunter2|secret/);
  });

  it('refuses a byte order mark', () => {
    expect(refuse('\ufeff{}').message).toBe('The body begins with a byte order mark.');
  });

  it('takes 64 levels and refuses 65, in short and long texts', () => {
    for (const padding of ['', ' '.repeat(10_000)]) {
      expect(parseSafeJson(padding + nest(MAX_JSON_DEPTH)).exact).toBe(true);
      expect(refuse(padding + nest(MAX_JSON_DEPTH + 1)).code).toBe('ERR_JSON_TOO_DEEP');
    }
    expect(refuse(nest(65)).errors?.[0]?.pointer).toBe('/0/a'.repeat(32));
  });

  it('survives a million levels', () => {
    const start = performance.now();
    expect(refuse('['.repeat(1_000_000)).code).toBe('ERR_JSON_TOO_DEEP');
    expect(refuse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`).code).toBe('ERR_JSON_TOO_DEEP');
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('does not count brackets inside strings', () => {
    const text = JSON.stringify({ a: '[{"'.repeat(2000), b: '\\' });
    expect(parseSafeJson(text).value).toEqual(JSON.parse(text));
  });

  it.each([
    ['{"$where":1}', '/$where'],
    ['{"a":[{"b~/c":{"$gt":1}}]}', '/a/0/b~0~1c/$gt'],
    ['{"\\u0024gt":1}', '/$gt'],
    ['{"a\\u0000b":1}', '/a\0b'],
    ['{"__proto__":1}', '/__proto__'],
    ['{"\\u005f_proto__":{}}', '/__proto__'],
    ['{"constructor":{"prototype":{}}}', '/constructor'],
    ['[{"constructor":{"prototype":null}}]', '/0/constructor'],
  ])('refuses the key in %s', (text, pointer) => {
    const problem = refuse(text);
    expect(problem.code).toBe('ERR_UNSAFE_KEY');
    expect(problem.errors?.[0]?.pointer).toBe(pointer);
  });

  it.each([
    '{"constructor":"x"}',
    '{"constructor":{"name":"x"}}',
    '{"prototype":{}}',
    '{"a":"x\\u0000y"}',
    '{"a":"$where"}',
    '{"a$":1}',
    '{"a.b":1}',
    '{"":1}',
    '"\\ud83d\\ude00"',
    'null',
    '0',
  ])('takes %s', (text) => {
    expect(parseSafeJson(text)).toEqual({ value: JSON.parse(text), exact: true });
  });

  it.each([
    ['{"a":"\\ud800"}', '/a'],
    ['["x","\\udc00y"]', '/1'],
    ['{"a":{"\\ud800":1}}', '/a/\ufffd'],
    ['"\\ude00\\ud83d"', ''],
    ['"\ud800"', ''],
  ])('refuses the lone surrogate in %j', (text, pointer) => {
    const problem = refuse(text);
    expect(problem.code).toBe('ERR_UNICODE_INVALID');
    expect(problem.errors?.[0]?.pointer).toBe(pointer);
  });

  it('cuts a pointer that a long key would make long', () => {
    expect(refuse(`{"$${'x'.repeat(5000)}":1}`).errors?.[0]?.pointer.length).toBe(257);
  });

  it.each([
    ['12345678901234567890', false],
    ['[1e400]', false],
    ['{"a":0.1234567890123456789}', false],
    ['{"a":\n-9007199254740993}', false],
    ['[1,1e-400]', false],
    ['[1.0,1e2,0.1,-0,100000000000000000000]', true],
    ['{"a":"12345678901234567890","b":" 12345678901234567890"}', true],
    ['"1e400"', true],
    ['{"a":"\\": 12345678901234567890"}', true],
    [`{"a":"${'x'.repeat(5000)}","b":12345678901234567890}`, false],
  ])('tells that the numbers of %s survive: %s', (text, exact) => {
    expect(parseSafeJson(text).exact).toBe(exact);
  });

  it('never takes a number for exact that is not, wherever it stands', () => {
    const token = fc.oneof(
      fc.bigInt().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][-+]?\d{1,3})?$/),
    );
    const frame = fc.constantFrom('#', '[#]', '[1,#]', '{"a":#}', '{"a": #}', '[\n#\n]', '["x",\t#]');
    fc.assert(
      fc.property(token, frame, (number, around) => {
        expect(parseSafeJson(around.replace('#', number)).exact).toBe(isExactNumber(number));
      }),
      { numRuns: 500 },
    );
  });
});

describe('decodeUtf8', () => {
  it('gives back exactly what was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeUtf8(new TextEncoder().encode(text))).toBe(text.toWellFormed());
      }),
    );
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toBe('\ufeff1');
    expect(decodeUtf8(Uint8Array.of(0x30, 0x31, 0x32).subarray(1))).toBe('12');
  });

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0xaf]]])('refuses the bytes %j', (bytes) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ code: 'ERR_UNICODE_INVALID' }),
    );
  });
});
