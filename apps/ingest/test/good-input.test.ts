import { sign } from '@octokit/webhooks-methods';
import { describe, expect, it } from 'vitest';
import { SECRET, useIngest } from './ingest.ts';
import { json, send } from './send.ts';

const ingest = useIngest();

/** Sends an event, expects that it is accepted, and returns it as the queue holds it. */
async function accept(sent: Parameters<typeof send>[1]) {
  const { status, json: answer, headers } = await send(ingest.port, sent);
  expect(answer).toEqual({
    id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
    status: 'accepted',
    duplicate: false,
  });
  expect({ status, location: headers.location }).toEqual({
    status: 202,
    location: `/api/events/${answer['id']}`,
  });
  return (await ingest.listQueued()).find(({ eventId }) => eventId === answer['id']);
}

describe('POST /api/events', () => {
  it('takes the plain form', async () => {
    const body = json({ source: 'shop', payload: { amount: 1 }, type: 'sale', schemaVersion: 2 });
    const event = await accept({ body });
    expect(event).toMatchObject({
      ...{ tenant: 'default', source: 'shop', via: 'api', form: 'submission', keyOrigin: 'content' },
      ...{ type: 'sale', schemaVersion: 2, body, contentType: 'application/json' },
    });
  });

  it.each(['source', 'client', 'client_id', 'id'])(
    'takes the flat form with the source in `%s`',
    async (name) => {
      expect(await accept({ body: json({ [name]: `flat-${name}`, amount: 2 }) })).toMatchObject({
        source: `flat-${name}`,
      });
    },
  );

  it('takes the first name of the source there is, and keeps the others as payload', async () => {
    expect(await accept({ body: json({ id: 7, client: 'first', amount: 3 }) })).toMatchObject({
      source: 'first',
    });
  });

  it.each([
    ['any JSON value as payload', { payload: null }],
    ['the key constructor', { payload: { constructor: 1 } }],
    ['NUL in a text', { payload: 'a\0b' }],
    ['64 levels', { payload: JSON.parse(`${'['.repeat(63)}${']'.repeat(63)}`) }],
    ['pairs of surrogates', { payload: '😀' }],
    ['keys with dots', { payload: { 'a.b': 1 } }],
  ])('takes %s', async (_, fields) => {
    expect(await accept({ body: json({ source: 'shop', ...fields }) })).toBeDefined();
  });

  it('takes a declared source by its declaration', async () => {
    const event = await accept({ body: json({ source: 'open', payload: 1 }) });
    expect(event).toMatchObject({ tenant: 'acme', type: 'note', schemaVersion: 2 });
  });

  it('takes versions and keys from headers, and leaves out what is secret', async () => {
    const headers = {
      'content-type': 'application/vnd.shop+json; charset=utf-8',
      'schema-version': '3',
      'idempotency-key': 'order 1',
      authorization: 'Bearer s3cret',
      'x-gitlab-token': 's3cret',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const event = await accept({ headers, body: json({ source: 'shop', payload: 'keyed' }) });
    expect(event).toMatchObject({
      schemaVersion: 3,
      idempotencyKey: 'order 1',
      keyOrigin: 'header',
      traceparent: headers.traceparent,
    });
    expect(JSON.stringify(event?.headers)).not.toContain('s3cret');
  });

  it.each([true, 3, 'all'])('carries simulateFailure %j', async (simulateFailure) => {
    const event = await accept({
      body: json({ source: 'shop', amount: `simulate ${simulateFailure}`, simulateFailure }),
    });
    expect(event?.simulate).toBe(simulateFailure);
  });

  it('answers an exact repeat as a duplicate and does not queue it again', async () => {
    const first = await accept({ body: json({ source: 'shop', payload: { a: 1, b: 2 } }) });
    for (const body of [
      json({ source: 'shop', payload: { a: 1, b: 2 } }),
      '{ "payload": {"b":2.0,"a":1e0}, "source": "shop" }',
    ]) {
      const again = await send(ingest.port, { body });
      expect(again).toMatchObject({ status: 202, json: { id: first?.eventId, duplicate: true } });
    }
    const queued = (await ingest.listQueued()).filter(({ eventId }) => eventId === first?.eventId);
    expect(queued).toHaveLength(1);
  });

  it('answers equal events that arrive at once with one id, and queues one', async () => {
    const body = json({ source: 'shop', payload: 'at once' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(ingest.port, { body })));
    expect(new Set(answers.map(({ json: answer }) => answer['id'])).size).toBe(1);
    expect(answers.filter(({ json: answer }) => answer['duplicate'] === false)).toHaveLength(1);
    expect((await ingest.listQueued()).filter((event) => event.body === body)).toHaveLength(1);
  });

  it('answers a reused key with an id of its own, and queues both', async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'reused' };
    const first = await accept({ headers, body: json({ source: 'shop', payload: 'one' }) });
    const other = await send(ingest.port, { headers, body: json({ source: 'shop', payload: 'two' }) });
    expect(other).toMatchObject({ status: 202, json: { duplicate: false } });
    expect(other.json['id']).not.toBe(first?.eventId);
    const keyed = (await ingest.listQueued()).filter(({ idempotencyKey }) => idempotencyKey === 'reused');
    const ids = keyed.map(({ eventId, conflictOf }) => [eventId, conflictOf]);
    expect(ids).toHaveLength(2);
    expect(ids).toContainEqual([first?.eventId, undefined]);
    expect(ids).toContainEqual([other.json['id'], first?.eventId]);
    const again = await send(ingest.port, { headers, body: json({ source: 'shop', payload: 'one' }) });
    expect(again.json).toMatchObject({ id: first?.eventId, duplicate: true });
  });
});

describe('POST /hooks/:source', () => {
  it('takes what GitHub signed, and its delivery as the key', async () => {
    const body = json({ action: 'opened', text: 'ä' });
    const headers = {
      'content-type': 'application/json',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-github-event': 'issues',
      'x-hub-signature-256': await sign(SECRET, body),
      // Not covered by the signature, so it does not count.
      'idempotency-key': 'mine',
    };
    expect(await accept({ path: '/hooks/github', headers, body })).toMatchObject({
      ...{ source: 'github', via: 'webhook', form: 'payload', type: 'github.issues', body },
      ...{ idempotencyKey: '72d3162e-cc78-11e3-81ab-4c9367dc0958', keyOrigin: 'provider' },
    });
    const again = await send(ingest.port, { path: '/hooks/github', headers, body });
    expect(again).toMatchObject({ status: 202, json: { duplicate: true } });
  });

  it('takes any media type and any bytes from a source that does not sign', async () => {
    const body = Buffer.from([0x00, 0xff, 0x80]);
    const headers = { 'content-type': 'application/octet-stream', 'idempotency-key': 'bytes' };
    expect(await accept({ path: '/hooks/open', headers, body })).toMatchObject({
      ...{ tenant: 'acme', type: 'note', schemaVersion: 2, bodyEncoding: 'base64', keyOrigin: 'header' },
      body: body.toString('base64'),
    });
  });
});

describe('POST /vital-data', () => {
  it('takes a reading with fields that it does not know', async () => {
    const body = json({ device: 'd-1', timestamp: 1_700_000_000, heartRateValue: 80, mood: 'fine' });
    expect(await accept({ path: '/vital-data', body })).toMatchObject({
      ...{ source: 'vital-data', type: 'vitals', form: 'payload', body },
    });
  });
});

describe('the metrics', () => {
  it('count what was accepted and how it was kept', async () => {
    const accepted = await ingest.readCounters('accepted_total', 'duplicate');
    expect(accepted.get('true')).toBe(23);
    const queued = await ingest.listQueued();
    expect(accepted.get('false')).toBe(queued.length);
    expect((await ingest.readCounters('batch_events_total', 'by')).get('queue')).toBe(queued.length);
  });
});
