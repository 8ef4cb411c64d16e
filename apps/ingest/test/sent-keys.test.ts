import { sign } from '@octokit/webhooks-methods';
import { describe, expect, it } from 'vitest';
import { useIngest } from './ingest.ts';
import { json, send } from './send.ts';

const SECRET = 'a secret of some length';
const secrets = [{ value: SECRET }];
const ingest = useIngest({
  sources: [
    { id: 'vital-data', kind: 'push', scheme: 'github', secrets },
    { id: 'keyed', kind: 'push', scheme: 'api-key', secrets },
    { id: 'named', kind: 'push', scheme: 'basic', secrets: [{ value: `me:${SECRET}` }] },
    { id: 'signed', kind: 'push', scheme: 'github', secrets },
  ],
});

const TYPE = { 'content-type': 'application/json' };
const BASIC = `Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`;

async function keep(path: string, headers: Readonly<Record<string, string>>, body: string) {
  const { status, json: answer } = await send(ingest.port, { path, headers: { ...TYPE, ...headers }, body });
  expect(status).toBe(202);
  const queued = (await ingest.listQueued()).find(({ eventId }) => eventId === answer['id']);
  return { key: queued?.idempotencyKey, origin: queued?.keyOrigin, duplicate: answer['duplicate'] };
}

describe('Idempotency-Key', () => {
  it.each([
    ['keyed', { 'x-api-key': SECRET }],
    ['named', { authorization: BASIC }],
  ])('counts for whoever sends the secret itself: %s', async (source, headers) => {
    const body = json({ pressed: true, by: source });
    const first = await keep(`/hooks/${source}`, { ...headers, 'idempotency-key': `${source}-1` }, body);
    const second = await keep(`/hooks/${source}`, { ...headers, 'idempotency-key': `${source}-2` }, body);
    expect(first).toEqual({ key: `${source}-1`, origin: 'header', duplicate: false });
    expect(second).toEqual({ key: `${source}-2`, origin: 'header', duplicate: false });
  });

  it('does not count where it is not signed', async () => {
    const body = json({ pressed: true });
    const headers = { 'x-hub-signature-256': await sign(SECRET, body), 'idempotency-key': 'mine' };
    expect(await keep('/hooks/signed', headers, body)).toMatchObject({ origin: 'content' });
  });

  it('never stands for that of a signed delivery, however the event is sent', async () => {
    const vital = json({ device: 'd', timestamp: 1_700_000_000, heartRate: 60 });
    const headers = { 'idempotency-key': 'delivery-7' };
    expect(await keep('/vital-data', headers, vital)).toMatchObject({ key: 'api:delivery-7' });
    const event = json({ source: 'signed', payload: 1 });
    expect(await keep('/api/events', headers, event)).toMatchObject({ key: 'api:delivery-7' });
  });
});
