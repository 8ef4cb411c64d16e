import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { toExpected } from '../expected.ts';
import { createInputs, mixDeliveries } from './inputs.ts';

const run = { seed: 1, nonce: 'kqzwbx', startedAtMs: Date.parse('2026-03-01T12:00:00Z') };
const inputs = await createInputs(run, 'secret');

test('makes the same inputs from the same run', async () => {
  expect(await createInputs(run, 'secret')).toEqual(inputs);
  expect(mixDeliveries(inputs, run)).toEqual(mixDeliveries(inputs, run));
});

test('makes other inputs from another seed', async () => {
  const others = await createInputs({ ...run, seed: 2 }, 'secret');
  expect(others.metrics).not.toEqual(inputs.metrics);
  expect(others.orders).not.toEqual(inputs.orders);
});

test('shares nothing but refused bodies between two runs of a seed', async () => {
  const others = await createInputs({ ...run, nonce: 'pttkvm' }, 'secret');
  const isKept = ({ fate }: { readonly fate: { readonly kind: string } }) => fate.kind !== 'rejected';
  const first = new Set(
    mixDeliveries(inputs, run)
      .filter(isKept)
      .map(({ body }) => body),
  );
  const second = mixDeliveries(others, run)
    .filter(isKept)
    .map(({ body }) => body);
  expect(second.filter((body) => first.has(body))).toEqual([]);
  const ids = new Set(inputs.orders.map(({ order }) => order.id));
  expect(others.orders.filter(({ order }) => ids.has(order.id))).toEqual([]);
});

test('makes the promised numbers of inputs', () => {
  expect(inputs.metrics).toHaveLength(1000);
  expect(inputs.vitals).toHaveLength(500);
  expect(inputs.orders).toHaveLength(300);
  expect(new Set(inputs.latest.map(({ deviceId }) => deviceId)).size).toBe(25);
  expect(inputs.metrics.filter(({ fate }) => fate.kind === 'dead')).toHaveLength(10);
  expect(inputs.metrics.filter(({ fate }) => fate.kind === 'rejected')).toHaveLength(10);
});

test('signs every webhook but the forged ones as GitHub does', () => {
  for (const { headers, body, fate } of inputs.github) {
    const signature = `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`;
    if (fate.kind === 'rejected') continue;
    expect(headers['x-hub-signature-256']).toBe(signature);
    expect(headers['x-github-delivery']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }
});

test('gives a delivery id to two webhooks only where one is the repeat of the other', () => {
  const bodies = new Map<string, string>();
  let repeats = 0;
  for (const { headers, body } of inputs.github.filter(({ fate }) => fate.kind !== 'rejected')) {
    const id = headers['x-github-delivery'] ?? '';
    const known = bodies.get(id);
    if (known !== undefined) {
      expect(body).toBe(known);
      repeats += 1;
    }
    bodies.set(id, body);
  }
  expect(repeats).toBe(inputs.github.filter(({ fate }) => fate.kind === 'merged').length);
});

test('expects every accepted event to be normalized, duplicate or dead', () => {
  const expected = toExpected(inputs);
  const { accepted, normalized, duplicateRaw, duplicateNormalized, dead, merged } = expected;
  expect(accepted).toBe(normalized + duplicateRaw + duplicateNormalized + dead);
  expect(expected.rejected).toEqual(
    new Map([
      ['ERR_SIGNATURE_INVALID', 5],
      ['ERR_JSON_INVALID', 5],
      ['ERR_UNSAFE_KEY', 3],
      ['ERR_JSON_TOO_DEEP', 1],
      ['ERR_UNICODE_INVALID', 1],
    ]),
  );
  const rejected = [...expected.rejected.values()].reduce((sum, count) => sum + count, 0);
  const sent = inputs.github.length + inputs.metrics.length + inputs.vitals.length;
  expect(accepted - expected.polled + merged + rejected).toBe(sent);
});
