import { createHmac } from 'node:crypto';
import { sign as signAsGithub } from '@octokit/webhooks-methods';
import { readPayload } from '@sluice/normalizer/read-payload';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, it, vi } from 'vitest';
import { useIngest } from './ingest.ts';
import { type Answer, json, send } from './send.ts';

const SECRET = 'a secret of some length';
const STANDARD_SECRET = `whsec_${Buffer.from(SECRET).toString('base64')}`;
const secrets = [{ value: SECRET }];
const HMAC = {
  ...{ type: 'hmac', header: 'x-shop-mac', hash: 'sha512', encoding: 'base64', prefix: 'v0=' },
  ...{ content: 'v0:{timestamp}:{body}', timestampHeader: 'x-shop-time' },
};
const SOURCES = [
  { id: 'none', kind: 'push' },
  { id: 'basic', kind: 'push', scheme: 'basic', secrets: [{ value: 'shop:s3cret' }] },
  { id: 'api-key', kind: 'push', scheme: { type: 'api-key', header: 'x-shop-pass' }, secrets },
  { id: 'hmac', kind: 'push', scheme: HMAC, secrets: [{ value: 'being rotated in' }, ...secrets] },
  { id: 'standard', kind: 'push', scheme: 'standard-webhooks', secrets: [{ value: STANDARD_SECRET }] },
  { id: 'github', kind: 'push', scheme: 'github', secrets },
  { id: 'stripe', kind: 'push', scheme: 'stripe', secrets },
  { id: 'shopify', kind: 'push', scheme: 'shopify', secrets },
  { id: 'slack', kind: 'push', scheme: 'slack', secrets },
  { id: 'form', kind: 'push', scheme: 'slack', secrets, bodies: ['form'] },
  { id: 'any', kind: 'push', bodies: ['json', 'form', 'text'] },
  { id: 'limited-open', kind: 'push', rateLimit: { perSecond: 0.25, burst: 2 } },
  { id: 'limited', kind: 'push', scheme: 'github', secrets, rateLimit: { perSecond: 0.25, burst: 2 } },
];
const ingest = useIngest({ sources: SOURCES });

type Headers = Readonly<Record<string, string>>;
type Signer = (body: string, secret: string) => Headers | Promise<Headers>;

const seconds = () => Math.floor(Date.now() / 1000);
const mac = (hash: string, secret: string, content: string) => createHmac(hash, secret).update(content);

function signAsStandard(body: string, secret: string): Headers {
  const at = new Date();
  const signature = new StandardWebhook(Buffer.from(secret).toString('base64')).sign('msg_1', at, body);
  const time = String(Math.floor(at.getTime() / 1000));
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': time, 'webhook-signature': signature };
}

function signAsSvix(body: string, secret: string): Headers {
  const at = new Date();
  const signature = new SvixWebhook(Buffer.from(secret).toString('base64')).sign('msg_2', at, body);
  const time = String(Math.floor(at.getTime() / 1000));
  return { 'webhook-id': 'msg_2', 'webhook-timestamp': time, 'webhook-signature': signature };
}

function signAsSlack(body: string, secret: string): Headers {
  const time = String(seconds());
  const signature = `v0=${mac('sha256', secret, `v0:${time}:${body}`).digest('hex')}`;
  return { 'x-slack-request-timestamp': time, 'x-slack-signature': signature };
}

const toHeader = (secret: string) => ({ 'x-hub-signature-256': secret });

/** By source: what is sent, how it is signed, and the event that becomes of it. */
const CASES: readonly (readonly [string, string, Signer, Record<string, unknown>])[] = [
  ['none', json({ a: 'none' }), () => ({ 'idempotency-key': 'own' }), { idempotencyKey: 'own' }],
  [
    'basic',
    json({ a: 'basic' }),
    (_, secret) => ({
      authorization: `Basic ${Buffer.from(secret === SECRET ? 'shop:s3cret' : `shop:${secret}`).toString('base64')}`,
    }),
    { keyOrigin: 'content' },
  ],
  ['api-key', json({ a: 'api-key' }), (_, secret) => ({ 'x-shop-pass': secret }), { keyOrigin: 'content' }],
  [
    'hmac',
    json({ a: 'hmac' }),
    (body, secret) => {
      const time = String(seconds());
      const signature = mac('sha512', secret, `v0:${time}:${body}`).digest('base64');
      return { 'x-shop-time': time, 'x-shop-mac': `v0=${signature}` };
    },
    { keyOrigin: 'content' },
  ],
  ['standard', json({ type: 'user.created' }), signAsStandard, { idempotencyKey: 'msg_1' }],
  ['standard', json({ type: 'user.deleted' }), signAsSvix, { idempotencyKey: 'msg_2' }],
  [
    'github',
    json({ zen: 'é' }),
    async (body, secret) => ({
      ...toHeader(await signAsGithub(secret, body)),
      'x-github-delivery': 'd-1',
      'x-github-event': 'push',
    }),
    { idempotencyKey: 'd-1', type: 'github.push' },
  ],
  [
    'stripe',
    json({ id: 'evt_stripe_1', object: 'event', type: 'charge.succeeded' }),
    (payload, secret) => ({
      'stripe-signature': new Stripe('sk_test_x').webhooks.generateTestHeaderString({ payload, secret }),
    }),
    { idempotencyKey: 'evt_stripe_1' },
  ],
  [
    'shopify',
    json({ order: 7 }),
    (body, secret) => ({
      'x-shopify-hmac-sha256': mac('sha256', secret, body).digest('base64'),
      'x-shopify-webhook-id': 'shopify-1',
      'x-shopify-topic': 'orders/create',
    }),
    { idempotencyKey: 'shopify-1' },
  ],
  ['slack', json({ type: 'event_callback', event_id: 'Ev1' }), signAsSlack, { idempotencyKey: 'Ev1' }],
];

async function deliver(source: string, body: string, headers: Headers): Promise<Answer> {
  const type = { 'content-type': 'application/json' };
  return send(ingest.port, { path: `/hooks/${source}`, headers: { ...type, ...headers }, body });
}

async function findQueued(id: unknown) {
  return (await ingest.listQueued()).find(({ eventId }) => eventId === id);
}

describe('a hook takes what its scheme vouches for', () => {
  it.each(CASES)('%s: %s', async (source, body, sign, expected) => {
    const answer = await deliver(source, body, await sign(body, SECRET));
    expect(answer).toMatchObject({ status: 202, json: { duplicate: false } });
    const queued = await findQueued(answer.json['id']);
    expect(queued).toMatchObject({ source, via: 'webhook', body, ...expected });
    expect(JSON.stringify(queued?.headers)).not.toMatch(/s3cret|a secret of/);
  });

  it.each(CASES.filter(([source]) => source !== 'none'))(
    'and nothing else: %s: %s',
    async (source, body, sign) => {
      const answers = [
        await deliver(source, body, await sign(body, 'another secret')),
        await deliver(source, body, {}),
      ];
      if (source !== 'basic' && source !== 'api-key') {
        answers.push(await deliver(source, `${body} `, await sign(body, SECRET)));
      }
      for (const { status, json: answer } of answers) {
        expect({ status, code: answer['code'] }).toEqual({ status: 401, code: 'ERR_SIGNATURE_INVALID' });
      }
      await vi.waitFor(
        async () => {
          const requestId = { $in: answers.map(({ json: answer }) => answer['instance']) };
          const stored = await ingest.store.db.collection('rejections').find({ requestId }).toArray();
          expect(stored).toHaveLength(answers.length);
          for (const { cause, headers, source: named } of stored) {
            expect(named).toBe(source);
            expect(cause).toMatch(/^signature-(missing|malformed|mismatch)$|^timestamp-missing$/);
            expect(JSON.stringify(headers)).not.toMatch(/s3cret|another secret|v0=|v1,|sha256=/);
          }
        },
        { timeout: 5000 },
      );
    },
  );
});

describe('a handshake of Slack', () => {
  const body = json({ token: 't', challenge: '3eZbrw1aBm2r', type: 'url_verification' });
  const countQueued = async () => (await ingest.listQueued()).length;

  it('is answered with its challenge, and is no event', async () => {
    const [queued, accepted] = [
      await countQueued(),
      await ingest.readCounters('accepted_total', 'duplicate'),
    ];
    const before = await ingest.readCount('handshakes_total');
    const answer = await deliver('slack', body, signAsSlack(body, SECRET));
    expect([answer.status, answer.json]).toEqual([200, { challenge: '3eZbrw1aBm2r' }]);
    expect(answer.headers['content-type']).toContain('application/json');
    expect(await ingest.readCount('handshakes_total')).toBe(before + 1);
    expect(await ingest.readCounters('accepted_total', 'duplicate')).toEqual(accepted);
    expect(await countQueued()).toBe(queued);
  });

  it('is answered to nobody whose signature is not good, nor for another scheme', async () => {
    const before = await ingest.readCount('handshakes_total');
    const old = String(seconds() - 600);
    const late = `v0=${mac('sha256', SECRET, `v0:${old}:${body}`).digest('hex')}`;
    for (const headers of [
      {},
      signAsSlack(body, 'another secret'),
      { 'x-slack-request-timestamp': old, 'x-slack-signature': late },
    ]) {
      const { status, text } = await deliver('slack', body, headers);
      expect(status).toBe(401);
      expect(text).not.toContain('3eZbrw1aBm2r');
    }
    expect((await deliver('none', body, {})).status).toBe(202);
    expect(await ingest.readCount('handshakes_total')).toBe(before);
  });
});

describe('a hook takes the bodies that its source declares', () => {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

  it('a form, as an object', async () => {
    const body = 'command=%2Fdeploy&text=now+%C3%A9&tag=a&tag=b';
    const answer = await deliver('form', body, { ...FORM, ...signAsSlack(body, SECRET) });
    expect(answer.status).toBe(202);
    const queued = await findQueued(answer.json['id']);
    expect(queued).toMatchObject({ body, contentType: FORM['content-type'] });
    expect(queued === undefined ? null : readPayload(queued)).toEqual({
      ...{ command: '/deploy', text: 'now é', tag: ['a', 'b'] },
    });
  });

  it.each([
    ['any', 'text/plain; charset=utf-8', 'free text'],
    ['any', 'application/xml', '<a/>'],
    ['any', 'application/x-www-form-urlencoded', 'a=1'],
    ['any', 'application/vnd.shop+json', '{}'],
  ])('%s: %s', async (source, type, body) => {
    expect((await deliver(source, body, { 'content-type': type })).status).toBe(202);
  });

  it.each([
    ['none', 'text/plain', 'x', 415, 'application/json'],
    ['none', 'application/x-www-form-urlencoded', 'a=1', 415, 'application/json'],
    ['form', 'application/json', '{}', 415, 'application/x-www-form-urlencoded'],
    ['any', 'application/x-www-form-urlencoded', '%24where=1', 400, ''],
  ])('and no other: %s: %s', async (source, type, body, status, named) => {
    const answer = await deliver(source, body, { 'content-type': type, ...signAsSlack(body, SECRET) });
    expect(answer.status).toBe(status);
    expect(answer.json['detail']).toContain(named);
  });
});

describe('the rate of a source', () => {
  it('is looked at before a body is parsed, so that one that is not JSON counts too', async () => {
    const statuses = [];
    for (const body of ['{', '[', '{}']) statuses.push((await deliver('limited-open', body, {})).status);
    expect(statuses).toEqual([400, 400, 429]);
  });

  it('counts only what its signature vouches for, and says when to come again', async () => {
    const send2 = async (body: string, secret: string) =>
      deliver('limited', body, toHeader(await signAsGithub(secret, body)));
    for (let count = 0; count < 5; count += 1)
      expect((await send2(`{"n":${count}}`, 'forged')).status).toBe(401);
    const answers = await Promise.all([0, 1, 2, 3].map((n) => send2(`{"n":${n}}`, SECRET)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 429, 429]);
    const late = answers.find(({ status }) => status === 429);
    expect(late).toMatchObject({ json: { code: 'ERR_RATE_LIMITED' }, headers: { 'retry-after': '4' } });
    await vi.waitFor(
      async () => {
        const requestId = late?.json['instance'];
        const stored = await ingest.store.db.collection('rejections').findOne({ requestId });
        expect(stored).toMatchObject({ source: 'limited', cause: 'ERR_RATE_LIMITED', status: 429 });
      },
      { timeout: 5000 },
    );
  });
});
