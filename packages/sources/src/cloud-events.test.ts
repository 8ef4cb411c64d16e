import { ProblemException } from '@sluice/contracts/errors';
import { SOURCE_ID_PATTERN } from '@sluice/contracts/event';
import { HTTP, CloudEvent as LibraryEvent, type Message } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readBinaryCloudEvent,
  readStructuredCloudEvent,
  toCloudEventHeaders,
  toCloudEventMode,
  toSourceId,
} from './cloud-events.ts';

const PLAIN = {
  id: 'A234-1234-1234',
  source: '/mycontext/4',
  type: 'com.example.someevent',
  time: '2026-06-01T12:00:00.000Z',
  subject: 'larger-context',
  dataschema: 'https://example.com/schema',
  comexampleothervalue: 5,
  data: { amount: 1.5, name: 'Zoë' },
};

/** What the library sends, as Node gives it to a server. */
function receive(message: Message) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) headers[name.toLowerCase()] = String(value);
  const body = message.body instanceof Uint8Array ? message.body : String(message.body ?? '');
  return { headers, body: Buffer.from(body) };
}

/** Reads a request in whatever mode it came. */
function read(message: Message) {
  const request = receive(message);
  const mode = toCloudEventMode(request.headers);
  if (mode === 'binary') return readBinaryCloudEvent(request);
  if (mode === 'structured') return readStructuredCloudEvent(request.body);
  throw new Error(`mode ${mode}`);
}

const structured = (event: object | string) =>
  readStructuredCloudEvent(Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)));

function problemOf(act: () => unknown): ProblemException {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemException) return error;
    throw error;
  }
  throw new Error('no problem');
}

describe('an event of the library', () => {
  test.each(['binary', 'structured'] as const)('is read in %s mode', (mode) => {
    expect(read(HTTP[mode](new LibraryEvent(PLAIN)))).toEqual({
      ceSource: '/mycontext/4',
      id: 'A234-1234-1234',
      key: '/mycontext/4 A234-1234-1234',
      type: 'com.example.someevent',
      time: '2026-06-01T12:00:00.000Z',
      subject: 'larger-context',
      dataSchema: 'https://example.com/schema',
      extensions: { comexampleothervalue: mode === 'binary' ? '5' : 5 },
      dataContentType: mode === 'binary' ? 'application/json; charset=utf-8' : 'application/json',
      body: Buffer.from('{"amount":1.5,"name":"Zoë"}'),
      payload: { amount: 1.5, name: 'Zoë' },
      exact: true,
    });
  });

  test.each(['binary', 'structured'] as const)('may carry text in %s mode', (mode) => {
    const event = new LibraryEvent({ ...PLAIN, datacontenttype: 'text/xml', data: '<much wow="é"/>' });
    expect(read(HTTP[mode](event))).toMatchObject({
      dataContentType: 'text/xml',
      body: Buffer.from('<much wow="é"/>'),
      payload: undefined,
      exact: false,
    });
  });

  test.each(['binary', 'structured'] as const)('may carry bytes in %s mode', (mode) => {
    const data = new Uint8Array([0xff, 0x00, 0x9f]);
    const event = new LibraryEvent({ ...PLAIN, datacontenttype: 'application/octet-stream', data });
    expect(read(HTTP[mode](event))).toMatchObject({ body: Buffer.from(data), payload: undefined });
  });

  test.each(['binary', 'structured'] as const)('may carry nothing in %s mode', (mode) => {
    const { data: _none, ...without } = PLAIN;
    expect(read(HTTP[mode](new LibraryEvent(without)))).toMatchObject({
      body: Buffer.from('null'),
      payload: null,
      dataContentType: 'application/json',
    });
  });

  test('is read as an item of a batch', () => {
    const batch = JSON.stringify([new LibraryEvent(PLAIN), new LibraryEvent({ ...PLAIN, id: '2' })]);
    const ids = JSON.parse(batch).map((item: object) => structured(item).id);
    expect(ids).toEqual(['A234-1234-1234', '2']);
  });
});

describe('a request', () => {
  test.each([
    [{ 'content-type': 'application/cloudevents+json' }, 'structured'],
    [{ 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8' }, 'structured'],
    [{ 'content-type': 'application/cloudevents-batch+json' }, 'batched'],
    [{ 'content-type': 'application/json', 'ce-specversion': '1.0' }, 'binary'],
    [{ 'ce-id': '1', 'ce-source': '/', 'ce-type': 'x' }, 'binary'],
    [{ 'ce-id': '1', 'content-type': 'application/json' }, undefined],
    [{ 'content-type': 'application/json' }, undefined],
    [{}, undefined],
  ])('with %o is %s', (headers, mode) => {
    expect(toCloudEventMode(headers)).toBe(mode);
  });

  test.each(['application/cloudevents+avro', 'application/cloudevents-batch+xml', 'application/cloudevents'])(
    'in another event format is refused: %s',
    (contentType) => {
      expect(problemOf(() => toCloudEventMode({ 'content-type': contentType })).code).toBe('ERR_MEDIA_TYPE');
    },
  );
});

describe('data', () => {
  test('keeps the digits that a double cannot hold', () => {
    const data = '{"id": 12345678901234567890, "price":1.10}';
    const text = `{"specversion":"1.0","id":"1","source":"/","type":"x","data": ${data} ,"n":7}`;
    const event = structured(text);
    expect(event.body.toString()).toBe(data);
    expect(event.exact).toBe(false);
  });

  test('is exact although another attribute is not', () => {
    const text =
      '{"specversion":"1.0","id":"1","source":"/","type":"x","data":{"a":1},"n":1.00000000000000001}';
    expect(structured(text).exact).toBe(true);
  });

  test('is the last of several, as the parsed payload is', () => {
    const text = '{"specversion":"1.0","id":"1","source":"/","type":"x","data":{"a":1},"d\\u0061ta":{"a":2}}';
    const event = structured(text);
    expect([event.body.toString(), event.payload]).toEqual(['{"a":2}', { a: 2 }]);
  });

  test('that is a string of JSON stays a string', () => {
    expect(structured({ ...PLAIN, specversion: '1.0', data: '{"a":1}' })).toMatchObject({
      payload: '{"a":1}',
      body: Buffer.from('"{\\"a\\":1}"'),
    });
  });

  test('in base64 is decoded, and parsed where it is JSON', () => {
    const { data: _none, ...without } = { ...PLAIN, specversion: '1.0' };
    const encoded = Buffer.from('{"a":1}').toString('base64');
    expect(structured({ ...without, data_base64: encoded })).toMatchObject({
      payload: { a: 1 },
      exact: true,
    });
    expect(structured({ ...without, datacontenttype: 'text/json', data_base64: encoded })).toMatchObject({
      payload: { a: 1 },
      dataContentType: 'application/json',
    });
  });

  test.each([
    ['data', { data: { a: 1 }, datacontenttype: 'text/plain' }],
    ['data', { data: 1, data_base64: 'AAAA' }],
    ['data_base64', { data: null, data_base64: 'A' }],
    ['data_base64', { data: null, data_base64: 'AA-_' }],
    ['data_base64', { data: null, data_base64: 7 }],
  ])('that contradicts itself is refused at /%s: %o', (name, changes) => {
    const { code, errors } = problemOf(() => structured({ ...PLAIN, specversion: '1.0', ...changes }));
    expect([code, errors?.[0]?.pointer]).toEqual(['ERR_BODY_INVALID', `/${name}`]);
  });

  test('with an unsafe key or broken JSON is refused with the code of any body', () => {
    const unsafe = '{"specversion":"1.0","id":"1","source":"/","type":"x","data":{"$where":1}}';
    expect(problemOf(() => structured(unsafe)).code).toBe('ERR_UNSAFE_KEY');
    expect(problemOf(() => structured('{')).code).toBe('ERR_JSON_INVALID');
    const request = receive(HTTP.binary(new LibraryEvent(PLAIN)));
    expect(problemOf(() => readBinaryCloudEvent({ ...request, body: Buffer.from('{') })).code).toBe(
      'ERR_JSON_INVALID',
    );
    expect(problemOf(() => readStructuredCloudEvent(Buffer.from([0xff]))).code).toBe('ERR_UNICODE_INVALID');
  });
});

describe('attributes', () => {
  test('that are missing or wrong are all named at once', () => {
    const { code, errors } = problemOf(() =>
      structured({ specversion: '0.3', id: '', source: 'a b', time: 'today', MyExt: 1, nested: {}, data: 1 }),
    );
    expect(code).toBe('ERR_BODY_INVALID');
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(
      ['/MyExt', '/id', '/nested', '/source', '/specversion', '/time', '/type'].sort(),
    );
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-time': 'today' };
    const problem = problemOf(() => readBinaryCloudEvent({ headers, body: Buffer.from('{}') }));
    expect(problem.code).toBe('ERR_HEADER_INVALID');
    expect(problem.message).toMatch(/ce-source: missing.*ce-type: missing.*ce-time: expected a time/);
  });

  test.each([['[]'], ['1'], ['null'], ['"x"']])(
    'of something else than an object are refused: %s',
    (text) => {
      expect(problemOf(() => structured(text)).code).toBe('ERR_BODY_INVALID');
    },
  );

  test.each(['2016-12-31T23:59:60Z', '2017-01-01T05:29:60.5+05:30', '2026-06-01t12:00:00z'])(
    'a time may be %s, and is kept as it is',
    (time) => {
      expect(structured({ ...PLAIN, specversion: '1.0', time }).time).toBe(time);
    },
  );

  test.each(['2016-12-31T23:60:00Z', '2016-12-31T23:59:61Z', '2016-13-31T23:59:60Z'])(
    'a time is not %s',
    (time) => {
      const { errors } = problemOf(() => structured({ ...PLAIN, specversion: '1.0', time }));
      expect(errors).toMatchObject([{ pointer: '/time' }]);
    },
  );

  test('that are null are absent', () => {
    const event = structured({ ...PLAIN, specversion: '1.0', subject: null, time: null, unset: null });
    expect(event).not.toHaveProperty('subject');
    expect(event.extensions).toEqual({ comexampleothervalue: 5 });
  });

  test('are limited in number', () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`x${at}`, 1]));
    expect(problemOf(() => structured({ ...PLAIN, specversion: '1.0', ...many })).code).toBe(
      'ERR_BODY_INVALID',
    );
  });

  test.each([
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['Euro%20%e2%82%ac', 'Euro €'],
    ['"a \\"quoted\\" %25 \\\\"', 'a "quoted" % \\'],
    ['%41%2525', 'A%25'],
    ['100%', '100%'],
    [Buffer.from('Zoë').toString('latin1'), 'Zoë'],
  ])('in headers are decoded: %s', (header, subject) => {
    const headers = { ...receive(HTTP.binary(new LibraryEvent(PLAIN))).headers, 'ce-subject': header };
    expect(readBinaryCloudEvent({ headers, body: Buffer.from('{}') }).subject).toBe(subject);
  });

  test.each(['%C0%A0', '%FF', '\u00eb'])('in headers that are not UTF-8 are refused: %s', (header) => {
    const headers = { ...receive(HTTP.binary(new LibraryEvent(PLAIN))).headers, 'ce-subject': header };
    expect(problemOf(() => readBinaryCloudEvent({ headers, body: Buffer.from('{}') })).code).toBe(
      'ERR_UNICODE_INVALID',
    );
  });

  test('come back from the headers that are kept', () => {
    const name = fc
      .stringMatching(/^[a-z][a-z0-9]{0,19}$/)
      .filter((text) => !(text in PLAIN) && !/^data|^spec/.test(text));
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((value) => !/\p{Cc}/u.test(value) && value.isWellFormed());
    const uri = text.filter((value) => !/\s/.test(value));
    fc.assert(
      fc.property(
        text,
        uri,
        text,
        text,
        fc.dictionary(name, text, { maxKeys: 4 }),
        (id, source, type, subject, more) => {
          const event = structured({ ...more, specversion: '1.0', id, source, type, subject, data: 1 });
          const headers = { ...toCloudEventHeaders(event), 'content-type': event.dataContentType };
          for (const value of Object.values(headers)) expect(value).toMatch(/^[\x21-\x7e]*$/);
          expect(readBinaryCloudEvent({ headers, body: event.body })).toEqual(event);
        },
      ),
    );
  });
});

describe('an event', () => {
  test('has a key of its own for every pair of source and id', () => {
    const keyOf = (source: string, id: string) =>
      structured({ ...PLAIN, specversion: '1.0', source, id }).key;
    expect(keyOf('/a', 'b c')).not.toBe(keyOf('/a/b', 'c'));
    expect(problemOf(() => keyOf('/a b', 'c')).code).toBe('ERR_BODY_INVALID');
  });

  test.each([
    ['/mycontext', '-mycontext'],
    ['https://github.com/cloudevents', 'https---github.com-cloudevents'],
    ['urn:uuid:6e8bc430', 'urn-uuid-6e8bc430'],
    ['😀é', '--'],
    ['x'.repeat(100), 'x'.repeat(64)],
    ['..', '--'],
  ])('of %s is of our source %s', (ceSource, id) => {
    expect(toSourceId(ceSource)).toBe(id);
  });

  test('always has an allowed source, or a problem with a code', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(...Object.keys(PLAIN), 'specversion', 'data_base64', 'x'),
          fc.jsonValue(),
        ),
        (some) => {
          try {
            expect(toSourceId(structured({ ...PLAIN, specversion: '1.0', ...some }).ceSource)).toMatch(
              SOURCE_ID_PATTERN,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(ProblemException);
          }
        },
      ),
    );
  });
});

describe('a form as data', () => {
  const FORM = 'application/x-www-form-urlencoded';
  const EVENT = { specversion: '1.0', id: '1', source: '/shop', type: 'made', datacontenttype: FORM };
  const read = {
    data: (text: string, type = FORM) => structured({ ...EVENT, datacontenttype: type, data: text }),
    data_base64: (text: string, type = FORM) =>
      structured({ ...EVENT, datacontenttype: type, data_base64: Buffer.from(text).toString('base64') }),
    binary: (text: string, type = FORM) =>
      readBinaryCloudEvent({
        headers: {
          'ce-specversion': '1.0',
          'ce-id': '1',
          'ce-source': '/s',
          'ce-type': 't',
          'content-type': type,
        },
        body: Buffer.from(text),
      }),
  };

  test.each(Object.entries(read))('is read as a webhook is: %s', (_, readAs) => {
    const event = readAs('a=1&b=%C3%A9');
    expect(event).toMatchObject({ payload: { a: '1', b: 'é' }, exact: true, dataContentType: FORM });
    expect(event.body.toString()).toBe('a=1&b=%C3%A9');
    expect(problemOf(() => readAs('a=1&__proto__=2'))).toMatchObject({ code: 'ERR_UNSAFE_KEY' });
    expect(problemOf(() => readAs('a=1', `${FORM}; charset=latin1`))).toMatchObject({
      code: 'ERR_MEDIA_TYPE',
    });
  });

  test('a text in bytes has to be in UTF-8', () => {
    const latin = 'text/plain; charset=iso-8859-1';
    expect(problemOf(() => read.binary('x', latin))).toMatchObject({ code: 'ERR_MEDIA_TYPE' });
    expect(problemOf(() => read.data_base64('x', latin))).toMatchObject({ code: 'ERR_MEDIA_TYPE' });
    expect(read.data('x', latin).body.toString()).toBe('x');
  });
});
