import { describe, expect, it, vi } from 'vitest';
import { useIngest } from './ingest.ts';
import { json, type Sent, send } from './send.ts';

const MIB = 1024 ** 2;
const SOON = { timeout: 5000 };
const SOURCES = [
  { id: 'slow', kind: 'push', rateLimit: { perSecond: 0.5, burst: 3 } },
  { id: 'hooked', kind: 'push' },
];
const ingest = useIngest({ sources: SOURCES });

type Batch = {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly { readonly index: number; readonly id?: string; readonly code?: string }[];
};

const ARRAY = { 'content-type': 'application/json' };
const LINES = { 'content-type': 'application/x-ndjson' };
const event = (payload: unknown, fields: Record<string, unknown> = {}) =>
  json({ source: 'shop', payload, ...fields });

async function sendBatch(body: string | Uint8Array, sent: Sent = {}) {
  const answer = await send(ingest.port, { path: '/api/events/batch', headers: ARRAY, body, ...sent });
  return { ...answer, batch: answer.json as unknown as Batch };
}

/** Writes a batch's results down, each as `kept`, `known` or its code. */
function toOutcomes({ results }: Batch): unknown[] {
  expect(results.map(({ index }) => index)).toEqual(results.map((_, index) => index));
  return results.map(
    (result) => result.code ?? (Reflect.get(result, 'duplicate') === true ? 'known' : 'kept'),
  );
}

describe('POST /api/events/batch', () => {
  it.each([
    ['an array', ARRAY, (items: readonly string[]) => `[${items.join(' ,\n')}]`],
    ['lines', LINES, (items: readonly string[]) => `${items.join('\r\n')}\n\n`],
  ])('keeps the exact bytes of every item of %s', async (name, headers, toBody) => {
    const items = [
      `{ "source":"shop", "payload":{"name":"${name}","amount":1.50} }`,
      `{"source":"shop","payload":"] , \\" é 😀 ${name}"}`,
      `{"client_id":"flat","name":"${name}","type":"x"}`,
      event({ name, deep: [[[1, { a: [] }]]] }, { type: 'sale', schemaVersion: 3 }),
    ];
    const { status, batch } = await sendBatch(toBody(items), { headers, chunked: true });
    expect(status).toBe(202);
    expect(batch).toMatchObject({ accepted: 4, duplicates: 0, rejected: 0 });
    const queued = new Map((await ingest.listQueued()).map((one) => [one.eventId, one]));
    const kept = batch.results.map(({ id = '' }) => queued.get(id));
    expect(kept.map((one) => one?.body)).toEqual(items);
    expect(kept[2]).toMatchObject({ source: 'flat', via: 'batch', form: 'submission' });
    expect(kept[3]).toMatchObject({ type: 'sale', schemaVersion: 3, contentType: 'application/json' });
  });

  it('tells what became of each item, in their order', async () => {
    const body = `[${[
      event('mixed 1'),
      event('mixed 1'),
      '{"payload":1}',
      event('mixed 2', { schemaVersion: 0 }),
      '{"source":"shop","payload":{"$where":1}}',
      '"text"',
      `${'['.repeat(70)}${']'.repeat(70)}`,
      event('mixed 3'),
    ]}]`;
    const { status, batch } = await sendBatch(body);
    expect(status).toBe(202);
    expect(toOutcomes(batch)).toEqual([
      ...['kept', 'known', 'ERR_SOURCE_INVALID', 'ERR_BODY_INVALID', 'ERR_UNSAFE_KEY', 'ERR_BODY_INVALID'],
      ...['ERR_JSON_TOO_DEEP', 'kept'],
    ]);
    expect(batch).toMatchObject({ accepted: 2, duplicates: 1, rejected: 5 });
    expect(batch.results[2]).toEqual({
      index: 2,
      code: 'ERR_SOURCE_INVALID',
      detail:
        'Name the source in `source` (or `client`, `client_id`, `id`) with 1 to 64 of A-Z a-z 0-9 _ . -',
    });
    const again = await sendBatch(body);
    expect(toOutcomes(again.batch).filter((outcome) => outcome === 'known')).toHaveLength(3);
  });

  it('keeps what stands before the place where an array is not JSON, and nothing behind it', async () => {
    for (const [name, broken] of [
      ['value', `[${event('before value')},{"a":},${event('behind value')}]`],
      ['comma', `[${event('before comma')},,${event('behind comma')}]`],
      ['bracket', `[${event('before bracket')},{"source":"shop","payload":[1},${event('behind bracket')}]`],
      ['end', `[${event('before end')},{"source":"shop","payload":"beh`],
    ]) {
      const { status, batch } = await sendBatch(broken ?? '');
      expect([name, status, toOutcomes(batch)]).toEqual([name, 202, ['kept', 'ERR_JSON_INVALID']]);
      expect(batch.results[1]).toMatchObject({ detail: expect.stringContaining('Nothing from here on') });
    }
    const bodies = (await ingest.listQueued()).map(({ body }) => body);
    expect(bodies.filter((body) => body.includes('behind'))).toEqual([]);
  });

  it('rejects a line that is not JSON and takes those behind it', async () => {
    const { status, batch } = await sendBatch(`${event('line 1')}\n{"a":\n${event('line 3')}`, {
      headers: LINES,
    });
    expect(status).toBe(202);
    expect(toOutcomes(batch)).toEqual(['kept', 'ERR_JSON_INVALID', 'kept']);
  });

  it('rejects an item that is larger than an event may be and takes those behind it', async () => {
    const large = event('x'.repeat(MIB));
    for (const [headers, body] of [
      [ARRAY, `[${event('large 1')},${large},${event('large 2')}]`],
      [LINES, `${event('large 3')}\n${large}\n${event('large 4')}`],
    ] as const) {
      const { batch } = await sendBatch(body, { headers });
      expect(toOutcomes(batch)).toEqual(['kept', 'ERR_BODY_TOO_LARGE', 'kept']);
    }
  });

  it('keeps a batch of invalid UTF-8 but for the item that holds it', async () => {
    const bad = Buffer.concat([Buffer.from('"'), Buffer.from([0xff]), Buffer.from('"')]);
    const body = Buffer.concat([Buffer.from('['), bad, Buffer.from(`,${event('utf 1')}]`)]);
    expect(toOutcomes((await sendBatch(body)).batch)).toEqual(['ERR_UNICODE_INVALID', 'kept']);
  });

  it('numbers the Idempotency-Key, and an own key wins', async () => {
    const headers = { ...ARRAY, 'idempotency-key': 'import-7' };
    const body = `[${event('keyed 1')},${event('keyed 2', { idempotencyKey: 'mine' })},${event('keyed 3')}]`;
    const { batch } = await sendBatch(body, { headers });
    const queued = new Map((await ingest.listQueued()).map((one) => [one.eventId, one]));
    const keys = batch.results.map(({ id = '' }) => queued.get(id)?.idempotencyKey);
    expect(keys).toEqual(['import-7#0', 'mine', 'import-7#2']);
    expect(toOutcomes((await sendBatch(body, { headers })).batch)).toEqual(['known', 'known', 'known']);
    const single = await send(ingest.port, { body: event('keyed 2', { idempotencyKey: 'mine' }) });
    expect(single.json).toMatchObject({ id: batch.results[1]?.id, duplicate: true });
  });

  it('counts every item against the rate of its source', async () => {
    const items = Array.from({ length: 5 }, (_, index) => json({ source: 'slow', payload: index }));
    const { status, batch } = await sendBatch(`[${items}]`);
    expect(status).toBe(202);
    expect(toOutcomes(batch)).toEqual(['kept', 'kept', 'kept', 'ERR_RATE_LIMITED', 'ERR_RATE_LIMITED']);
    const again = await sendBatch(`[${items}]`);
    expect(again).toMatchObject({ status: 429, json: { code: 'ERR_RATE_LIMITED', rejected: 5 } });
    expect(again.headers['retry-after']).toBe('2');
    const single = await send(ingest.port, { body: items[0] ?? '' });
    expect(single).toMatchObject({ status: 429, json: { code: 'ERR_RATE_LIMITED' } });
    expect(single.headers['retry-after']).toBe('2');
  });

  it('takes 50,000 items and no more', async () => {
    const count = 50_001;
    const items = Array.from({ length: count }, () => '1');
    const { status, batch } = await sendBatch(`[${event('first')},${items.slice(1)}]`);
    expect(status).toBe(202);
    expect(batch.results).toHaveLength(count);
    expect(batch.results.at(-1)).toMatchObject({ index: 50_000, code: 'ERR_BODY_TOO_LARGE' });
    expect(batch.results.at(-2)).toMatchObject({ index: 49_999, code: 'ERR_BODY_INVALID' });
  });

  it.each([
    ['no item that is good', '[1,2]', ARRAY, 400, 'ERR_BATCH_REJECTED'],
    ['no good line', '{\n{', LINES, 400, 'ERR_BATCH_REJECTED'],
    ['no item', '[]', ARRAY, 400, 'ERR_BODY_EMPTY'],
    ['no line', '\n', LINES, 400, 'ERR_BODY_EMPTY'],
    ['nothing', '', ARRAY, 400, 'ERR_BODY_EMPTY'],
    ['an object', '{}', ARRAY, 400, 'ERR_JSON_INVALID'],
    ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'ERR_MEDIA_TYPE'],
    ['no media type', '[]', {}, 415, 'ERR_MEDIA_TYPE'],
    ['a compressed body', '[1]', { ...ARRAY, 'content-encoding': 'gzip' }, 415, 'ERR_CONTENT_ENCODING'],
    [
      'a key that is too long',
      '[1]',
      { ...ARRAY, 'idempotency-key': 'k'.repeat(257) },
      400,
      'ERR_HEADER_INVALID',
    ],
    ['over 10 MiB', `[${' '.repeat(10 * MIB)}]`, ARRAY, 413, 'ERR_BODY_TOO_LARGE'],
  ])('answers a problem when there is %s', async (_, body, headers, status, code) => {
    const answer = await sendBatch(body, { headers });
    expect(answer).toMatchObject({
      status,
      json: { status, code, instance: answer.headers['x-request-id'] },
    });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    if (code === 'ERR_BATCH_REJECTED') expect(answer.batch.results).toHaveLength(2);
  });

  it('takes headers of 2 KiB together and refuses larger ones, which would be kept with each event', async () => {
    const cloudEvents = 'application/cloudevents-batch+json';
    const cloudEvent = json([{ specversion: '1.0', id: '1', source: '/a', type: 't', data: 1 }]);
    for (const [path, type, body] of [
      ['/api/events/batch', 'application/json', `[${event('header')}]`],
      ['/api/events/batch', 'application/x-ndjson', event('header line')],
      ['/api/events/batch', cloudEvents, cloudEvent],
      ['/api/events', cloudEvents, cloudEvent],
      ['/hooks/hooked', cloudEvents, cloudEvent],
    ] as const) {
      const rest = 'content-type'.length + type.length + 'x-a'.length + 'x-b'.length;
      const headers = { 'content-type': type, 'x-a': 'a'.repeat(1500), cookie: 'c'.repeat(4000) };
      const fits = { ...headers, 'x-b': 'b'.repeat(2048 - rest - 1500) };
      const taken = await sendBatch(body, { path, headers: fits });
      expect([path, type, taken.status]).toEqual([path, type, 202]);
      const refused = await sendBatch(body, { path, headers: { ...fits, 'x-a': 'a'.repeat(1501) } });
      expect(refused).toMatchObject({ status: 400, json: { code: 'ERR_HEADER_INVALID' } });
      expect(refused.json['detail']).toBe(
        'The headers of a batch are kept with each of its events and may have 2048 bytes together. These have 2049; the largest is x-a.',
      );
    }
  });

  it('keeps what came before a batch turned out to be too large', async () => {
    const body = `[${event('too much')},${' '.repeat(10 * MIB)}${event('never read')}]`;
    const { status, batch } = await sendBatch(body, { chunked: true });
    expect(status).toBe(202);
    expect(toOutcomes(batch)).toEqual(['kept', 'ERR_BODY_TOO_LARGE']);
  });

  it('keeps the refused items of a batch as rejections, the first 20 of them', async () => {
    await ingest.store.db.collection('rejections').countDocuments();
    const items = Array.from({ length: 30 }, (_, index) => `{"nobody":${index}}`);
    const { headers } = await sendBatch(`[${items}]`);
    await vi.waitFor(async () => {
      const requestId = String(headers['x-request-id']);
      const stored = await ingest.store.db.collection('rejections').find({ requestId }).toArray();
      expect(stored.map((one) => one['body'].toString())).toEqual(items.slice(0, 20));
      expect(stored[0]).toMatchObject({ code: 'ERR_SOURCE_INVALID', status: 400, path: '/api/events/batch' });
    }, SOON);
  });

  it('counts items, not requests', async () => {
    const accepted = await ingest.readCounters('accepted_total', 'duplicate');
    const queued = await ingest.inspector.readCounts();
    expect(accepted.get('false')).toBe((await ingest.readCounters('batch_events_total', 'by')).get('queue'));
    expect(queued.failed).toBe(0);
  });
});
