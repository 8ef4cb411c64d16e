import { createHmac } from 'node:crypto';
import { CloudEvent, HTTP, type Message } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { useIngest } from './ingest.ts';
import { json, type Sent, send } from './send.ts';

const SECRET = 'cloud-secret';
const SOURCES = [
  { id: 'orders', tenant: 'acme', kind: 'push', ceSource: 'https://orders.test/eu', schemaVersion: 2 },
  {
    ...{ id: 'signed', kind: 'push', secrets: [{ value: SECRET }] },
    scheme: { type: 'hmac', header: 'x-orders-signature' },
  },
  { id: 'twice', kind: 'push', rateLimit: { perSecond: 1, burst: 2 } },
];
const ingest = useIngest({ sources: SOURCES });

const newEvent = (id: string, source = '/shop/1', data: unknown = { amount: 1.5, text: 'é' }) =>
  new CloudEvent({
    id,
    source,
    type: 'com.shop.sold',
    subject: 'till 7',
    time: '2026-01-02T03:04:05Z',
    data,
  });

/** Turns what the library would send into a request. */
function toSent({ headers, body }: Message, path: string): Sent {
  return { path, headers: headers as Record<string, string>, body: String(body) };
}

function toBatch(events: readonly unknown[], path: string): Sent {
  const headers = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' };
  return { path, headers, body: json(events) };
}

const sign = (body: string) => createHmac('sha256', SECRET).update(body).digest('hex');

async function findQueued(id: unknown) {
  return (await ingest.listQueued()).find(({ eventId }) => eventId === id);
}

describe('POST /api/events with CloudEvents', () => {
  it('takes one in binary mode, its data as the body', async () => {
    const sent = toSent(HTTP.binary(newEvent('b-1')), '/api/events');
    const answer = await send(ingest.port, sent);
    expect(answer).toMatchObject({ status: 202, json: { status: 'accepted', duplicate: false } });
    expect(await findQueued(answer.json['id'])).toMatchObject({
      ...{ tenant: 'default', source: '-shop-1', via: 'api', form: 'payload', type: 'com.shop.sold' },
      ...{ body: sent.body, keyOrigin: 'provider' },
      headers: {
        'ce-id': 'b-1',
        'ce-source': '/shop/1',
        'ce-type': 'com.shop.sold',
        'ce-subject': 'till%207',
      },
    });
  });

  it('takes the same event as one, whatever mode it comes in', async () => {
    const event = newEvent('same-1');
    const first = await send(ingest.port, toSent(HTTP.structured(event), '/api/events'));
    expect(first).toMatchObject({ status: 202, json: { duplicate: false } });
    expect(await findQueued(first.json['id'])).toMatchObject({
      ...{ source: '-shop-1', type: 'com.shop.sold', contentType: 'application/json' },
      body: '{"amount":1.5,"text":"é"}',
      headers: { 'ce-id': 'same-1', 'ce-source': '/shop/1', 'content-type': 'application/json' },
    });
    const again = await send(ingest.port, toSent(HTTP.binary(event), '/api/events'));
    expect(again.json).toEqual({ ...first.json, duplicate: true });
    const batch = await send(ingest.port, toBatch([event], '/api/events'));
    expect(batch.json['results']).toEqual([{ index: 0, id: first.json['id'], duplicate: true }]);
  });

  it('gives an event to the source that declares its `source`', async () => {
    const sent = toSent(HTTP.structured(newEvent('o-1', 'https://orders.test/eu')), '/api/events');
    const { json: answer } = await send(ingest.port, sent);
    expect(await findQueued(answer['id'])).toMatchObject({
      source: 'orders',
      tenant: 'acme',
      schemaVersion: 2,
    });
  });

  it.each(['/api/events', '/api/events/batch'])('answers a batch to %s item by item', async (path) => {
    const events = [newEvent(`${path}-1`), { specversion: '1.0', id: 'x' }, newEvent(`${path}-3`), 7];
    const answer = await send(ingest.port, toBatch(events, path));
    expect(answer).toMatchObject({
      status: 202,
      json: { accepted: 2, rejected: 2, results: [{}, { code: 'ERR_BODY_INVALID' }, {}, { index: 3 }] },
    });
  });

  it('takes the media type of a batch in any case', async () => {
    const { body = '' } = toBatch([newEvent('case-1'), newEvent('case-2')], '');
    for (const type of ['Application/CloudEvents-Batch+JSON', 'application/CloudEvents-batch+json ; a=b']) {
      const answer = await send(ingest.port, { headers: { 'content-type': type }, body });
      expect(answer).toMatchObject({ status: 202, json: { rejected: 0 } });
    }
  });

  it('refuses one in binary mode that names no version, whatever its media type', async () => {
    const event = { 'ce-id': '1', 'ce-source': '/a', 'ce-type': 't' };
    for (const type of ['application/json', 'application/json; charset=utf-8']) {
      const headers = { ...event, 'content-type': type };
      const answer = await send(ingest.port, { headers, body: json({ source: 'shop', payload: 1 }) });
      expect(answer).toMatchObject({ status: 400, json: { code: 'ERR_HEADER_INVALID' } });
      expect(answer.json['detail']).toContain('ce-specversion: missing');
    }
  });

  it('keeps of one in structured mode what it says itself, not the headers around it', async () => {
    const sent = toSent(HTTP.structured(newEvent('around-1')), '/api/events');
    const headers = { ...sent.headers, 'ce-type': 'forged', 'ce-extra': 'forged', 'x-kept': 'yes' };
    const answer = await send(ingest.port, { ...sent, headers });
    const queued = await findQueued(answer.json['id']);
    expect(queued?.headers).toMatchObject({ 'ce-type': 'com.shop.sold', 'x-kept': 'yes' });
    expect(JSON.stringify(queued?.headers)).not.toContain('forged');
  });

  it.each([
    ['no id', { specversion: '1.0', source: '/a', type: 't' }],
    ['another version', { specversion: '0.3', id: '1', source: '/a', type: 't' }],
  ])('refuses one with %s', async (_, event) => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    const answer = await send(ingest.port, { headers, body: json(event) });
    expect(answer).toMatchObject({ status: 400, json: { code: 'ERR_BODY_INVALID' } });
  });

  it('refuses an event format other than JSON', async () => {
    const headers = { 'content-type': 'application/cloudevents+avro' };
    const answer = await send(ingest.port, { headers, body: 'x' });
    expect(answer).toMatchObject({ status: 415, json: { code: 'ERR_MEDIA_TYPE' } });
  });
});

describe('POST /hooks/:source with CloudEvents', () => {
  it('verifies the raw bytes first, and the path names the source', async () => {
    const path = '/hooks/signed';
    const { headers, body } = HTTP.structured(newEvent('s-1', 'https://orders.test/eu'));
    const text = String(body);
    const wrong = { ...(headers as Record<string, string>), 'x-orders-signature': sign(`${text} `) };
    expect(await send(ingest.port, { path, headers: wrong, body: text })).toMatchObject({ status: 401 });
    const right = { ...wrong, 'x-orders-signature': sign(text) };
    const answer = await send(ingest.port, { path, headers: right, body: text });
    expect(answer.status).toBe(202);
    expect(await findQueued(answer.json['id'])).toMatchObject({
      ...{ source: 'signed', via: 'webhook', keyOrigin: 'provider', type: 'com.shop.sold' },
      headers: { 'ce-id': 's-1' },
    });
  });

  it('answers a signed batch item by item, and a forged one not at all', async () => {
    const { path, headers, body = '' } = toBatch([newEvent('sb-1'), 7, newEvent('sb-2')], '/hooks/signed');
    const forged = { ...(headers as Record<string, string>), 'x-orders-signature': sign('[]') };
    const refused = await send(ingest.port, { path: path ?? '', headers: forged, body });
    expect(refused).toMatchObject({ status: 401, json: { code: 'ERR_SIGNATURE_INVALID' } });
    const signed = { ...forged, 'x-orders-signature': sign(String(body)) };
    const answer = await send(ingest.port, { path: path ?? '', headers: signed, body });
    expect(answer).toMatchObject({ status: 202, json: { accepted: 2, rejected: 1 } });
  });

  it('counts the events of a batch against the rate', async () => {
    const events = [1, 2, 3].map((id) => newEvent(`r-${id}`));
    const answer = await send(ingest.port, toBatch(events, '/hooks/twice'));
    expect(answer).toMatchObject({
      status: 202,
      json: { accepted: 2, rejected: 1, results: [{}, {}, { code: 'ERR_RATE_LIMITED' }] },
    });
  });
});
