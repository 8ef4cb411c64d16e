import { sign } from '@octokit/webhooks-methods';
import type { ErrorCode } from '@sluice/contracts/errors';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SECRET, startIngest, useIngest } from './ingest.ts';
import { type Answer, json, type Sent, send, sendRaw } from './send.ts';

const ingest = useIngest();

/** What was refused in this file so far, by code: the metric and the stored refusals must say the same. */
const refused = new Map<string, number>();
/** What GitHub's own library refuses to make: the signature of nothing. */
const EMPTY_SIGNATURE = 'sha256=66a0c074deaa0f489ead6537e0d32f9a344b90bbeda705b6ed45ecd3b413fb40';
const SOON = { timeout: 5000 };
const UNKEPT: readonly string[] = ['ERR_NOT_FOUND', 'ERR_REQUEST_MALFORMED', 'ERR_HEADERS_TOO_LARGE'];

function count(code: string): void {
  refused.set(code, (refused.get(code) ?? 0) + 1);
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.text).toContain(code);
  expect(answer).toMatchObject({ status, json: { status, code, instance: answer.headers['x-request-id'] } });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.text).not.toMatch(/\bat .*\.(ts|js)|node_modules|Error:/);
  count(code);
}

afterEach(async () => {
  const { waiting, active, delayed, failed } = await ingest.inspector.readCounts();
  expect({ waiting, active, delayed, failed }).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
  expect(await ingest.inbox.count()).toBe(0);
});

const event = (payload: string) => `{"source":"shop","payload":${payload}}`;
const MIB = 1024 ** 2;
const tooLarge = event(`"${'x'.repeat(MIB)}"`);
const vital = (fields: Record<string, unknown>): Sent => ({
  path: '/vital-data',
  body: json({ device: 'd1', timestamp: 1_700_000_000, ...fields }),
});
const withHeader = (name: string, value: string): Sent => ({
  headers: { 'content-type': 'application/json', [name]: value },
  body: event('1'),
});

const BODIES: readonly (readonly [string, Sent, number, ErrorCode])[] = [
  ['malformed JSON', { body: '{"source":"shop","payload":{"a":1' }, 400, 'ERR_JSON_INVALID'],
  ['JSON with a comma too many', { body: event('{"a":1,}') }, 400, 'ERR_JSON_INVALID'],
  ['NaN', { body: event('NaN') }, 400, 'ERR_JSON_INVALID'],
  ['an empty body', {}, 400, 'ERR_BODY_EMPTY'],
  ['a source and nothing else', { body: '{"source":"shop"}' }, 400, 'ERR_BODY_INVALID'],
  [
    'what says only how it is taken',
    { body: '{"client":"shop","type":"sale","schemaVersion":1,"idempotencyKey":"k"}' },
    400,
    'ERR_BODY_INVALID',
  ],
  ['a byte order mark', { body: `\uFEFF${event('1')}` }, 400, 'ERR_JSON_INVALID'],
  ['invalid UTF-8', { body: Buffer.from(event('"\xff\xfe"'), 'latin1') }, 400, 'ERR_UNICODE_INVALID'],
  ['an escaped lone surrogate', { body: event('"\\ud800"') }, 400, 'ERR_UNICODE_INVALID'],
  ['a lone surrogate in a key', { body: event('{"\\udc00x":1}') }, 400, 'ERR_UNICODE_INVALID'],
  [
    'a raw surrogate in UTF-8',
    { body: Buffer.from(event('"\xed\xa0\x80"'), 'latin1') },
    400,
    'ERR_UNICODE_INVALID',
  ],
  [
    '100,000 levels of arrays',
    { body: event(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) },
    400,
    'ERR_JSON_TOO_DEEP',
  ],
  [
    '100,000 levels of objects',
    { body: event(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`) },
    400,
    'ERR_JSON_TOO_DEEP',
  ],
  ['65 levels', { body: event(`${'['.repeat(65)}${']'.repeat(65)}`) }, 400, 'ERR_JSON_TOO_DEEP'],
  ['the key __proto__', { body: event('{"__proto__":{"isAdmin":true}}') }, 400, 'ERR_UNSAFE_KEY'],
  [
    'the key __proto__ at the top',
    { body: '{"source":"shop","__proto__":{"source":"x"}}' },
    400,
    'ERR_UNSAFE_KEY',
  ],
  [
    'the key __proto__, escaped',
    { body: event('{"\\u005f_proto__":{"isAdmin":true}}') },
    400,
    'ERR_UNSAFE_KEY',
  ],
  ['constructor with prototype', { body: event('{"constructor":{"prototype":{}}}') }, 400, 'ERR_UNSAFE_KEY'],
  ['a key that holds NUL', { body: event('{"a\\u0000b":1}') }, 400, 'ERR_UNSAFE_KEY'],
  ['a key that begins with $', { body: event('{"a":[{"$where":"1"}]}') }, 400, 'ERR_UNSAFE_KEY'],
  ['a body over 1 MiB', { body: tooLarge }, 413, 'ERR_BODY_TOO_LARGE'],
  ['a body over 1 MiB in chunks', { body: tooLarge, chunked: true }, 413, 'ERR_BODY_TOO_LARGE'],
  ['an array', { body: '[1,2]' }, 400, 'ERR_BODY_INVALID'],
  ['null', { body: 'null' }, 400, 'ERR_BODY_INVALID'],
  ['a number', { body: '1' }, 400, 'ERR_BODY_INVALID'],
  ['no source', { body: '{"payload":1}' }, 400, 'ERR_SOURCE_INVALID'],
  ['a source that is a number', { body: '{"source":7,"payload":1}' }, 400, 'ERR_SOURCE_INVALID'],
  ['a source that is null', { body: '{"source":null,"id":"x","payload":1}' }, 400, 'ERR_SOURCE_INVALID'],
  ['a source with a slash', { body: '{"source":"a/b","payload":1}' }, 400, 'ERR_SOURCE_INVALID'],
  ['an empty source', { body: '{"source":"","payload":1}' }, 400, 'ERR_SOURCE_INVALID'],
  ['a source of 65 characters', { body: `{"source":"${'a'.repeat(65)}"}` }, 400, 'ERR_SOURCE_INVALID'],
  ['an inherited source', { body: '{"constructor":"shop"}' }, 400, 'ERR_SOURCE_INVALID'],
  ['a type that is a number', { body: '{"source":"s","payload":1,"type":4}' }, 400, 'ERR_BODY_INVALID'],
  ['an empty type', { body: '{"source":"s","payload":1,"type":""}' }, 400, 'ERR_BODY_INVALID'],
  ['a version of 0', { body: '{"source":"s","payload":1,"schemaVersion":0}' }, 400, 'ERR_BODY_INVALID'],
  [
    'a version that is a string',
    { body: '{"source":"s","payload":1,"schemaVersion":"1"}' },
    400,
    'ERR_BODY_INVALID',
  ],
  ['a broken simulateFailure', { body: '{"source":"s","simulateFailure":"yes"}' }, 400, 'ERR_BODY_INVALID'],
  ['a negative simulateFailure', { body: '{"source":"s","simulateFailure":-1}' }, 400, 'ERR_BODY_INVALID'],
];

const HEADERS: readonly (readonly [string, Sent, number, ErrorCode])[] = [
  [
    'another media type',
    { headers: { 'content-type': 'text/plain' }, body: event('1') },
    415,
    'ERR_MEDIA_TYPE',
  ],
  [
    'a form',
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1' },
    415,
    'ERR_MEDIA_TYPE',
  ],
  [
    'a media type that is none',
    { headers: { 'content-type': 'json' }, body: event('1') },
    415,
    'ERR_MEDIA_TYPE',
  ],
  ['no media type', { headers: {}, body: event('1') }, 415, 'ERR_MEDIA_TYPE'],
  ['a compressed body', withHeader('content-encoding', 'gzip'), 415, 'ERR_CONTENT_ENCODING'],
  ['an empty Idempotency-Key', withHeader('idempotency-key', ''), 400, 'ERR_HEADER_INVALID'],
  ['an Idempotency-Key of 257', withHeader('idempotency-key', 'k'.repeat(257)), 400, 'ERR_HEADER_INVALID'],
  ['an Idempotency-Key with ü', withHeader('idempotency-key', 'f\xfcr'), 400, 'ERR_HEADER_INVALID'],
  ['a Schema-Version of 0', withHeader('schema-version', '0'), 400, 'ERR_HEADER_INVALID'],
  ['a Schema-Version of 1.5', withHeader('schema-version', '1.5'), 400, 'ERR_HEADER_INVALID'],
  ['a Schema-Version of 10001', withHeader('schema-version', '10001'), 400, 'ERR_HEADER_INVALID'],
  ['a query', { path: '/api/events?x=1', body: event('1') }, 400, 'ERR_QUERY_INVALID'],
  ['a query without a value', { path: '/vital-data?x', body: event('1') }, 400, 'ERR_QUERY_INVALID'],
  [
    'a query like a filter',
    { path: '/api/events?source[$ne]=x', body: event('1') },
    400,
    'ERR_QUERY_INVALID',
  ],
  ['a query called __proto__', { path: '/hooks/open?__proto__=x', body: '1' }, 400, 'ERR_QUERY_INVALID'],
  ['a query on a hook', { path: '/hooks/open?x=1', body: '{}' }, 400, 'ERR_QUERY_INVALID'],
  ['a path that is not there', { path: '/api/event', body: event('1') }, 404, 'ERR_NOT_FOUND'],
  [
    'an idempotencyKey of 257',
    { body: `{"source":"s","payload":1,"idempotencyKey":"${'k'.repeat(257)}"}` },
    400,
    'ERR_BODY_INVALID',
  ],
  [
    'text to a hook that takes only JSON',
    { path: '/hooks/json-only', headers: { 'content-type': 'text/plain' }, body: 'x' },
    415,
    'ERR_MEDIA_TYPE',
  ],
  [
    'a form to a hook that takes only JSON',
    {
      path: '/hooks/json-only',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=1',
    },
    415,
    'ERR_MEDIA_TYPE',
  ],
  [
    'a text in another charset than UTF-8',
    { path: '/hooks/open', headers: { 'content-type': 'text/plain; charset=iso-8859-1' }, body: 'x' },
    415,
    'ERR_MEDIA_TYPE',
  ],
  [
    'a form with an unsafe name in a CloudEvent',
    {
      headers: { 'content-type': 'application/cloudevents+json' },
      body: json({
        ...{ specversion: '1.0', id: '1', source: '/shop', type: 'made' },
        ...{ datacontenttype: 'application/x-www-form-urlencoded', data: 'a=1&__proto__=2' },
      }),
    },
    400,
    'ERR_UNSAFE_KEY',
  ],
  [
    'a compressed transfer',
    {
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'gzip, chunked' },
      body: event('1'),
      chunked: true,
    },
    400,
    'ERR_REQUEST_MALFORMED',
  ],
  ['a hook without a media type', { path: '/hooks/open', headers: {}, body: 'x' }, 415, 'ERR_MEDIA_TYPE'],
  ['a hook without a name', { path: '/hooks/', body: '{}' }, 401, 'ERR_SIGNATURE_INVALID'],
];

const VITALS: readonly (readonly [string, Sent])[] = [
  ['no device', vital({ device: undefined })],
  ['a blank device', vital({ device: ' ' })],
  ['a device that is a number', vital({ device: 4 })],
  ['a time that is text', vital({ timestamp: '2024-01-01' })],
  ['a time in milliseconds', vital({ timestamp: 1_700_000_000_000 })],
  ['a time before 1970', vital({ timestamp: -1 })],
  ['a heart rate that is text', vital({ heartRateValue: '80' })],
  ['a breath rate that is an object', vital({ breathRate: {} })],
  ['an array', { path: '/vital-data', body: '[]' }],
];

describe('a request that cannot be accepted is refused with a problem:', () => {
  it.each(BODIES)('%s', async (_, sent, status, code) => {
    expectProblem(await send(ingest.port, sent), status, code);
  });

  it.each(HEADERS)('%s', async (_, sent, status, code) => {
    expectProblem(await send(ingest.port, sent), status, code);
  });

  it.each(VITALS)('vital data with %s', async (_, sent) => {
    expectProblem(await send(ingest.port, sent), 400, 'ERR_BODY_INVALID');
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])(
    'the method %s, and the allowed one is named',
    async (method) => {
      const answer = await send(ingest.port, { method, body: method === 'GET' ? '' : '{}' });
      expectProblem(answer, 405, 'ERR_METHOD_NOT_ALLOWED');
      expect(answer.headers.allow).toBe('POST');
    },
  );

  it('points at every wrong field at once', async () => {
    const answer = await send(ingest.port, vital({ device: 4, timestamp: 'x', heartRate: true }));
    expectProblem(answer, 400, 'ERR_BODY_INVALID');
    expect(answer.json['errors']).toMatchObject([
      { pointer: '/device' },
      { pointer: '/timestamp' },
      { pointer: '/heartRate' },
    ]);
  });

  it('a request line that is not HTTP', async () => {
    const answer = await sendRaw(ingest.port, 'hello\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(answer).toContain('ERR_REQUEST_MALFORMED');
    count('ERR_REQUEST_MALFORMED');
  });

  it('an address that is not percent-encoded', async () => {
    expectProblem(await send(ingest.port, { path: '/hooks/%zz' }), 400, 'ERR_REQUEST_MALFORMED');
  });

  it('headers over 16 KiB', async () => {
    const answer = await sendRaw(
      ingest.port,
      `POST /api/events HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toContain('ERR_HEADERS_TOO_LARGE');
    count('ERR_HEADERS_TOO_LARGE');
  });
});

describe('a hook answers 401 in the same words, whatever is wrong:', () => {
  const body = json({ zen: 'Anything added dilutes everything else.' });
  const causes = new Map<string, string>();
  const toHook = (source: string, signature?: string): Sent => ({
    path: `/hooks/${source}`,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': 'd-1',
      authorization: 'Bearer s3cret',
      ...(signature === undefined ? {} : { 'x-hub-signature-256': signature }),
    },
    body,
  });

  it.each([
    ['no signature', async () => toHook('github'), 'signature-missing'],
    ['another secret', async () => toHook('github', await sign('other', body)), 'signature-mismatch'],
    ['another body', async () => toHook('github', await sign(SECRET, `${body} `)), 'signature-mismatch'],
    ['half a signature', async () => toHook('github', 'sha256=12'), 'signature-malformed'],
    ['an unknown source', async () => toHook('gitlab', await sign(SECRET, body)), 'unknown-source'],
    ['a source like a property', async () => toHook('__proto__'), 'unknown-source'],
  ] as const)('%s', async (_, toSent, cause) => {
    const answer = await send(ingest.port, await toSent());
    expectProblem(answer, 401, 'ERR_SIGNATURE_INVALID');
    expect({ ...answer.json, instance: '' }).toEqual({
      type: '/docs/errors#ERR_SIGNATURE_INVALID',
      title: 'The request is not signed as this source signs.',
      status: 401,
      code: 'ERR_SIGNATURE_INVALID',
      detail: 'Check the name of the source, the secret, and that the raw bytes are signed.',
      instance: '',
    });
    causes.set(String(answer.json['instance']), cause);
  });

  it('and keeps the true cause, without credentials', async () => {
    await vi.waitFor(async () => {
      const requestId = { $in: [...causes.keys()] };
      const stored = await ingest.store.db.collection('rejections').find({ requestId }).toArray();
      expect(new Map(stored.map((one) => [one['requestId'], one['cause']]))).toEqual(causes);
      for (const { headers } of stored) {
        expect(headers).toMatchObject({ authorization: '***', 'x-github-delivery': 'd-1' });
        expect(JSON.stringify(headers)).not.toMatch(/s3cret|sha256=/);
      }
    }, SOON);
    const counted = await ingest.readCounters('rejected_total', 'cause');
    for (const cause of new Set(causes.values())) {
      const count = [...causes.values()].filter((it) => it === cause).length;
      expect(counted.get(cause), cause).toBeGreaterThanOrEqual(count);
    }
  });

  it.each([
    ['a signed body that is not JSON', 'nonsense', 'ERR_JSON_INVALID', 400],
    ['a signed body that is empty', '', 'ERR_BODY_EMPTY', 400],
  ] as const)('but %s is told from it', async (_, signed, code, status) => {
    const signature = signed === '' ? EMPTY_SIGNATURE : await sign(SECRET, signed);
    const answer = await send(ingest.port, { ...toHook('github', signature), body: signed });
    expectProblem(answer, status, code);
  });
});

describe('with FAILURE_SIMULATION=off and UNKNOWN_SOURCES=reject', () => {
  it('refuses simulated failures and undeclared sources', async () => {
    const config = { FAILURE_SIMULATION: 'off', UNKNOWN_SOURCES: 'reject', MAX_BODY_BYTES: MIB } as const;
    const strict = await startIngest({ ...ingest, config });
    const simulating = await send(strict.port, { body: json({ source: 'open', simulateFailure: 1 }) });
    expect(simulating).toMatchObject({ status: 400, json: { code: 'ERR_SIMULATION_OFF' } });
    const undeclared = await send(strict.port, { body: event('1') });
    expect(undeclared).toMatchObject({ status: 403, json: { code: 'ERR_SOURCE_UNKNOWN' } });
    await strict.close();
    count('ERR_SIMULATION_OFF');
    count('ERR_SOURCE_UNKNOWN');
  });
});

describe('after all of it', () => {
  it('probes and the page that a refusal leads to are answered with any query, which is no refusal', async () => {
    for (const path of ['/livez?x=1', '/readyz?x', '/readyz?x[$ne]=1&x=2', '/docs/errors?utm_source=mail']) {
      expect(await send(ingest.port, { method: 'GET', path }), path).toMatchObject({ status: 200 });
    }
    const other = await send(ingest.port, { path: '/api/events?x=1', body: event('1') });
    expect(other).toMatchObject({ status: 400, json: { code: 'ERR_QUERY_INVALID' } });
    count('ERR_QUERY_INVALID');
  });

  it('every refusal is counted by its cause and kept, and the server is up', async () => {
    const ofOthers = ['ERR_SIMULATION_OFF', 'ERR_SOURCE_UNKNOWN'];
    const counted = Object.fromEntries([...refused].filter(([code]) => !ofOthers.includes(code)));
    expect(Object.fromEntries(await ingest.readCounters('rejected_total', 'code'))).toEqual(counted);
    const ofRoutes = Object.fromEntries([...refused].filter(([code]) => !UNKEPT.includes(code)));
    // The compressed transfer alone of what is malformed reached a route.
    const kept = { ...ofRoutes, ERR_REQUEST_MALFORMED: 1 };
    await vi.waitFor(async () => expect(await countRejections()).toEqual(kept), SOON);
    const probe = await send(ingest.port, { method: 'GET', path: '/readyz' });
    expect(probe).toMatchObject({ status: 200, json: { status: 'ready' } });
  });
});

async function countRejections(): Promise<Readonly<Record<string, number>>> {
  const found = await ingest.store.db.collection('rejections').find().toArray();
  const byCode = Map.groupBy(found, (rejection) => String(rejection['code']));
  return Object.fromEntries([...byCode].map(([code, group]) => [code, group.length]));
}
