import { expect, it } from 'vitest';
import { METRIC, VITAL_DATA } from '../bodies.ts';
import { prepareRequest } from './request.ts';

function toBody(bytes: Buffer): string {
  return bytes.toString().split('\r\n\r\n')[1] ?? '';
}

it('writes the digits of the number where the template has their marks', () => {
  const { bytes, fill } = prepareRequest({ path: '/x', body: '{"a":1⑧⑦⑥⑤④③②①⓪,"é":"⓪-③"}' });
  fill(123_456_789);
  expect(toBody(bytes)).toBe('{"a":1123456789,"é":"9-6"}');
  fill(7);
  expect(toBody(bytes)).toBe('{"a":1000000007,"é":"7-0"}');
});

it('announces the length of the body in bytes', () => {
  const { bytes } = prepareRequest({ path: '/x', body: '{"é":⓪}' });
  expect(bytes.toString()).toMatch(/^POST \/x HTTP\/1\.1\r\n/);
  expect(bytes.toString()).toContain(`content-length: ${Buffer.byteLength('{"é":0}')}\r\n`);
});

it('makes JSON of every body, never twice the same', () => {
  for (const spec of [METRIC, VITAL_DATA]) {
    const { bytes, fill } = prepareRequest(spec);
    const bodies = Array.from({ length: 30_000 }, (_, n) => {
      fill(n * 1009);
      return toBody(bytes);
    });
    for (const body of bodies.slice(0, 100)) expect(() => JSON.parse(body)).not.toThrow();
    expect(new Set(bodies).size).toBe(bodies.length);
  }
});

it('sends times that are valid and past', () => {
  const { bytes, fill } = prepareRequest(METRIC);
  for (const n of [0, 98_765_432, 99_999_999]) {
    fill(n);
    const { payload } = JSON.parse(toBody(bytes)) as { readonly payload: { readonly timestamp: string } };
    expect(new Date(payload.timestamp).toISOString()).toBe(payload.timestamp);
    expect(Date.parse(payload.timestamp)).toBeLessThan(Date.now());
  }
});
