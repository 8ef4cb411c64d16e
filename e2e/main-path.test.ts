import { createHmac, randomUUID } from 'node:crypto';
import type { EventDetail } from '@sluice/contracts/api';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readLogs, startTestStack, type TestStack } from './test-stack.ts';

const SECRET = 'the-secret-of-github';

describe('a running Sluice', () => {
  let sluice: TestStack;

  beforeAll(async () => {
    sluice = await startTestStack({
      env: { GITHUB_SECRET: SECRET },
      sources:
        'sources:\n  - { id: github, kind: push, scheme: github, secrets: [{ env: GITHUB_SECRET }] }\n',
    });
  });

  async function send(body: unknown, headers?: Record<string, string>) {
    const answer = await sluice.post('/api/events', body, headers);
    expect(answer.status).toBe(202);
    return answer.body as { id: string; duplicate: boolean };
  }

  /** Waits until an event has the status and returns all that the api tells of it. */
  function findEvent(id: string, status: string): Promise<EventDetail> {
    return vi.waitFor(
      async () => {
        const { body } = await sluice.get(`/api/events/${id}`);
        expect(body).toMatchObject({ id, status });
        return body as EventDetail;
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  it('makes one record of two spellings of the same sale, and knows the first again', async () => {
    const spelled = {
      source: 'client_A',
      payload: { value: 'sales', price: '1200', date: '2024/01/01' },
    };
    const first = await send(spelled);
    await findEvent(first.id, 'normalized');
    const second = await send({
      source: 'client_A',
      payload: { metric: 'sales', amount: 1200, timestamp: '2024-01-01T00:00:00Z' },
    });
    const duplicate = await findEvent(second.id, 'duplicate');
    expect(duplicate.duplicate).toMatchObject({ level: 'normalized', of: first.id });
    expect(await send(spelled)).toEqual({ id: first.id, status: 'accepted', duplicate: true });

    const stored = await sluice.db.collection('normalized_events').find({ source: 'client_A' }).toArray();
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({
      _id: first.id,
      data: { metric: 'sales', amount: 1200 },
      timestamp: new Date('2024-01-01T00:00:00.000Z'),
    });
    const list = await sluice.get('/api/events/normalized?client_id=client_A');
    expect(list.body).toMatchObject({
      items: [
        { id: first.id, data: { metric: 'sales', amount: 1200 }, timestamp: '2024-01-01T00:00:00.000Z' },
      ],
      nextCursor: null,
    });
  });

  it('keeps unmapped payloads apart, and the equal sales of two clients', async () => {
    const one = await send({ source: 'apart', payload: { foo: 1 } });
    const two = await send({ source: 'apart', payload: { foo: 2 } });
    const sale = { metric: 'sales', amount: 7, timestamp: '2024-01-01' };
    const left = await send({ source: 'left', payload: sale });
    const right = await send({ source: 'right', payload: sale });
    for (const { id } of [one, two, left, right]) await findEvent(id, 'normalized');
  });

  it('keeps apart what only its type or its id tells apart', async () => {
    const order = { order: 7 };
    for (const type of ['order.created', 'order.cancelled']) {
      const event = { source: 'orders', type, payload: order };
      expect(await send(event)).toMatchObject({ duplicate: false });
      expect(await send(event)).toMatchObject({ duplicate: true });
    }
    const pressed = { specversion: '1.0', source: 'button', type: 'pressed', data: {} };
    const cloudEvents = { 'content-type': 'application/cloudevents+json' };
    for (const id of ['1', '2', '3', '3']) await send({ ...pressed, id }, cloudEvents);
    await sluice.settled();
    const records = sluice.db.collection('normalized_events');
    const types = await records
      .find({ source: 'orders' })
      .map(({ type }) => type)
      .toArray();
    expect(types.toSorted()).toEqual(['order.cancelled', 'order.created']);
    expect(await records.countDocuments({ source: 'button' })).toBe(3);
  });

  it('keeps both bodies of one key, the second dead', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await send({ source: 'keys', payload: { n: 1 } }, key);
    const second = await send({ source: 'keys', payload: { n: 2 } }, key);
    expect(second.id).not.toBe(first.id);
    const dead = await findEvent(second.id, 'dead');
    expect(dead.raw).toMatchObject({ code: 'ERR_KEY_REUSED', conflictOf: first.id, payload: { n: 2 } });
    expect((await findEvent(first.id, 'normalized')).raw?.conflicts).toEqual([second.id]);
  });

  it('stores a signed webhook byte for byte and refuses another signature', async () => {
    const body = '{ "action": "opened",\n "number": 12345678901234567890 }';
    const deliver = (signature: string) =>
      sluice.post('/hooks/github', body, {
        'x-hub-signature-256': signature,
        'x-github-delivery': 'delivery-1',
        'x-github-event': 'issues',
      });
    const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
    const refused = await deliver(signature.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')));
    expect(refused).toMatchObject({ status: 401, body: { code: 'ERR_SIGNATURE_INVALID' } });
    const accepted = await deliver(signature);
    expect(accepted.status).toBe(202);
    const { id } = accepted.body as { id: string };
    await findEvent(id, 'normalized');
    const raw = await sluice.db.collection('raw_events').findOne({ _id: id as never });
    expect(Buffer.from(raw?.['body'].buffer).toString()).toBe(body);
    expect(await sluice.db.collection('raw_events').countDocuments({ source: 'github' })).toBe(1);
  });

  it('retries a simulated failure until it is stored, and lets one die that always fails', async () => {
    const once = await send({ source: 'sim', payload: { n: 1 }, simulateFailure: true });
    const detail = await findEvent(once.id, 'normalized');
    expect(detail.raw?.attempts).toBe(2);
    expect(detail.timeline.filter(({ step }) => step === 'attempt')).toHaveLength(2);
    const always = await send({ source: 'sim', payload: { n: 2 }, simulateFailure: 'all' });
    expect((await findEvent(always.id, 'dead')).raw).toMatchObject({ code: 'ERR_SIMULATED', attempts: 8 });
  });

  it('shows a dead letter in Bull Board, from where it is retried with fresh attempts', async () => {
    const { id } = await send({ source: 'board', payload: { n: 1 }, simulateFailure: 8 });
    await findEvent(id, 'dead');
    const jobId = await vi.waitFor(async () => {
      const queues = await sluice.get('/admin/queues/api/queues?activeQueue=events&status=failed&page=1');
      const { queues: found } = queues.body as { queues: { name: string; jobs: { id: string }[] }[] };
      const job = found.find(({ name }) => name === 'events')?.jobs.find((one) => one.id.startsWith(id));
      expect(job).toBeDefined();
      return job?.id ?? '';
    });
    const retried = await fetch(
      new URL(`/admin/queues/api/queues/events/${jobId}/retry`, sluice.stack.apiUrl),
      {
        method: 'PUT',
      },
    );
    expect(retried.status).toBeLessThan(300);
    expect((await findEvent(id, 'normalized')).raw?.attempts).toBe(1);
  });

  it('tells watchers of a new record and lets them resume without a gap', async () => {
    const { EventSource } = await import('eventsource');
    const seen: string[] = [];
    const stream = new EventSource(new URL('/stream?source=watched', sluice.stack.apiUrl));
    stream.addEventListener('event', ({ data }) => seen.push(JSON.parse(data).id));
    await new Promise<void>((resolve) => stream.addEventListener('open', () => resolve(), { once: true }));
    const sent: string[] = [];
    for (let n = 0; n < 20; n += 1) sent.push((await send({ source: 'watched', payload: { n } })).id);
    await vi.waitFor(() => expect([...seen].sort()).toEqual([...sent].sort()), { timeout: 20_000 });
    stream.close();
  });

  it('answers the latest readings of each device', async () => {
    const at = 1_700_000_000;
    const reading = (device: string, timestamp: number, heartRateValue: number) =>
      sluice.post('/vital-data', { device, timestamp, heartRateValue });
    await Promise.all([reading('D-1', at, 60), reading('D-1', at + 10, 61), reading('D-2', at + 5, 80)]);
    await vi.waitFor(
      async () => {
        const { body } = await sluice.get('/vital-data?sortBy=heartRate&orderBy=asc&count=10');
        expect(body).toEqual({
          total: 2,
          resources: [
            { deviceId: 'D-1', timestamp: at + 10, heartRate: 61 },
            { deviceId: 'D-2', timestamp: at + 5, heartRate: 80 },
          ],
        });
      },
      { timeout: 20_000 },
    );
  });

  it('refuses what is malformed without taking any of it in', async () => {
    const before = (await sluice.settled()).ledger.accepted;
    const nested = `{"source":"bad","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const cases: [body: string, code: string][] = [
      ['{"source":', 'ERR_JSON_INVALID'],
      ['[]', 'ERR_BODY_INVALID'],
      ['{"payload":1}', 'ERR_SOURCE_INVALID'],
      ['{"source":"a b","payload":1}', 'ERR_SOURCE_INVALID'],
      ['{"source":"bad","payload":{"__proto__":{"a":1}}}', 'ERR_UNSAFE_KEY'],
      ['{"source":"bad","payload":{"constructor":{"prototype":1}}}', 'ERR_UNSAFE_KEY'],
      ['{"source":"bad","payload":{"$where":1}}', 'ERR_UNSAFE_KEY'],
      ['{"source":"bad","payload":{"a\\u0000":1}}', 'ERR_UNSAFE_KEY'],
      ['{"source":"bad","payload":"\\ud800"}', 'ERR_UNICODE_INVALID'],
      [nested, 'ERR_JSON_TOO_DEEP'],
      [`{"source":"bad","payload":"${'x'.repeat(1024 * 1024)}"}`, 'ERR_BODY_TOO_LARGE'],
      ['', 'ERR_BODY_EMPTY'],
    ];
    for (const [body, code] of cases) {
      const answer = await sluice.post('/api/events', body);
      expect(answer.body).toMatchObject({
        code,
        status: answer.status,
        instance: expect.stringMatching(/^req_/),
      });
      expect(JSON.stringify(answer.body)).not.toContain('node:');
    }
    expect((await sluice.settled()).ledger.accepted).toBe(before);
    await vi.waitFor(
      async () => {
        const kept = await sluice.db.collection('rejections').distinct('code');
        expect(kept).toEqual(expect.arrayContaining(cases.map(([, code]) => code)));
      },
      { timeout: 10_000 },
    );
  });

  it('counts to the same numbers as MongoDB, and logs no secret', async () => {
    const { ledger, byStatus } = await sluice.settled();
    const raw = sluice.db.collection('raw_events');
    for (const status of ['normalized', 'duplicate', 'dead'] as const) {
      expect(byStatus[status]).toBe(await raw.countDocuments({ status }));
      expect(ledger[status]).toBe(byStatus[status]);
    }
    expect(ledger.normalized).toBe(await sluice.db.collection('normalized_events').countDocuments());
    expect(ledger.accepted).toBe(ledger.normalized + ledger.duplicate + ledger.dead);
    expect(await readLogs(sluice.stack)).not.toContain(SECRET);
  });
});
