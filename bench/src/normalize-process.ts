/*
 * What making a record costs, against what nobody can do without: `JSON.parse` and one SHA-256 of the same bytes.
 *
 * 1. The two are measured in turn, in blocks of a few milliseconds, because a machine is not equally fast all the time.
 * 2. Blocks until both are compiled do not count. What is told is the median block of each, in µs per event.
 */
import { hash } from 'node:crypto';
import { createNormalizer } from '@sluice/normalizer/normalize';
import { parseSafeJson } from '@sluice/normalizer/safe-json';
import { METRIC } from './bodies.ts';
import { prepareRequest } from './load/request.ts';
import { toMedian } from './median.ts';

const EVENTS = 1000;
const CONTENT_HASH = 'c'.repeat(64);
const RECEIVED_AT = '2026-01-01T00:00:00.000Z';
const WARMUP_MS = 1000;

const seconds = Number(process.argv[2]);
process.once('disconnect', () => process.exit(1));
const normalizer = createNormalizer();
const texts = makePayloads();
const endsAtMs = performance.now() + WARMUP_MS + seconds * 1000;
const countsFromMs = performance.now() + WARMUP_MS;
const bare: number[] = [];
const whole: number[] = [];
while (performance.now() < endsAtMs) {
  const counts = performance.now() >= countsFromMs;
  const bareUs = measure(parseAndHash);
  const wholeUs = measure(makeRecord);
  if (!counts) continue;
  bare.push(bareUs);
  whole.push(wholeUs);
}
process.send?.({ bareUs: toMedian(bare), wholeUs: toMedian(whole) });

/** The payloads of the metric event, each with numbers of its own. */
function makePayloads(): string[] {
  const request = prepareRequest(METRIC);
  return Array.from({ length: EVENTS }, (_, index) => {
    request.fill(index);
    const text = request.bytes.toString('utf8');
    const { payload } = JSON.parse(text.slice(text.indexOf('{'))) as { payload: unknown };
    return JSON.stringify(payload);
  });
}

function measure(work: (text: string) => unknown): number {
  const startMs = performance.now();
  for (const text of texts) work(text);
  return ((performance.now() - startMs) * 1000) / texts.length;
}

function parseAndHash(text: string): unknown {
  JSON.parse(text);
  return hash('sha256', text);
}

function makeRecord(text: string): unknown {
  const result = normalizer.normalize({
    ...{ tenant: 'default', source: 'bench', schemaVersion: 1 },
    contentHash: CONTENT_HASH,
    payload: parseSafeJson(text).value,
    receivedAt: RECEIVED_AT,
  });
  if (result.kind !== 'record') throw new Error(`The metric event gave ${result.kind}.`);
  return result;
}
