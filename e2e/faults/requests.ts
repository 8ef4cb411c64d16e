import type { Random } from '@sluice/local/random';
import { SIGNED_SOURCE, sign } from './signing.ts';

/** A request as it is sent; the same one again is a redelivery. */
export type FaultRequest = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What it must be answered with, unless no store can take it. */
  readonly expect: 'accepted' | 'refused';
  /** Sent at the same time through another ingest. */
  readonly twin?: FaultRequest;
};

/** Makes the requests of a run, all of them from its seed. */
export type RequestMaker = {
  /** Returns the next request of the mixture. */
  readonly next: () => FaultRequest;
  /** Returns an event that was never sent before and is meant to become a record. */
  readonly fresh: (source?: string) => FaultRequest;
  /** Returns a body that must be refused. */
  readonly malformed: () => FaultRequest;
  /** Puts a request back to be sent again soon, as a sender does that got no answer. */
  readonly again: (request: FaultRequest) => void;
};

/** Stands in every payload, and must never stand in a log. */
export const PAYLOAD_MARK = 'never-in-a-log';

const JSON_HEADERS = { 'content-type': 'application/json' };
const REMEMBERED = 500;
const DEVICES = 50;
const START_MS = Date.UTC(2024, 0, 1);
const UNKNOWN_VERSION = 9;

/** Creates the maker of a run; `secret` signs what the declared source sends. */
export function createRequestMaker(random: Random, secret: string): RequestMaker {
  const recent: FaultRequest[] = [];
  const waiting: FaultRequest[] = [];
  let count = 0;

  const kinds: readonly [() => FaultRequest, number][] = [
    [() => fresh(), 30],
    [keyed, 15],
    [signed, 15],
    [vitals, 5],
    [repeated, 12],
    [sentTwice, 5],
    [spelledOtherwise, 8],
    [keyReused, 4],
    [failing, 3],
    [ofUnknownVersion, 1],
    [wronglySigned, 1],
    [malformed, 1],
  ];
  const bag = kinds.flatMap(([make, share]) => Array.from({ length: share }, () => make));

  function next(): FaultRequest {
    const again = waiting.shift();
    if (again !== undefined) return again;
    const request = (bag[random.whole(0, bag.length - 1)] ?? fresh)();
    if (request.expect === 'accepted') {
      recent[count % REMEMBERED] = request;
    }
    return request;
  }

  /** Every reading has a value of its own, so that equal records are only those that are meant to be. */
  function toReading(): { readonly n: number; readonly at: Date } {
    count += 1;
    return { n: count, at: new Date(START_MS + count * 1000) };
  }

  function fresh(source = `plain-${random.whole(1, 3)}`): FaultRequest {
    const { n, at } = toReading();
    return submit(source, toPayload(n, at));
  }

  function keyed(): FaultRequest {
    return { ...fresh('keyed'), headers: { ...JSON_HEADERS, 'idempotency-key': `key-${count}` } };
  }

  function signed(): FaultRequest {
    const { n, at } = toReading();
    const body = JSON.stringify(toPayload(n, at));
    return {
      path: `/hooks/${SIGNED_SOURCE}`,
      headers: toSignedHeaders(body, secret, n),
      body,
      expect: 'accepted',
    };
  }

  function wronglySigned(): FaultRequest {
    const { n, at } = toReading();
    const body = JSON.stringify(toPayload(n, at));
    const headers = toSignedHeaders(body, 'another secret', n);
    return { path: `/hooks/${SIGNED_SOURCE}`, headers, body, expect: 'refused' };
  }

  function vitals(): FaultRequest {
    const { n, at } = toReading();
    const device = `device-${random.whole(1, DEVICES)}`;
    const reading = {
      device,
      timestamp: at.getTime() / 1000,
      heartRateValue: 50 + (n % 100),
      note: PAYLOAD_MARK,
    };
    return { path: '/vital-data', headers: JSON_HEADERS, body: JSON.stringify(reading), expect: 'accepted' };
  }

  function repeated(): FaultRequest {
    return recent[random.whole(0, recent.length)] ?? fresh();
  }

  function sentTwice(): FaultRequest {
    const request = random.pick([fresh, keyed, signed])();
    return { ...request, twin: request };
  }

  /** Two events of one record, sent together: one becomes the record, the other its duplicate. */
  function spelledOtherwise(): FaultRequest {
    const { n, at } = toReading();
    const day = `${at.getUTCFullYear()}/${at.getUTCMonth() + 1}/${at.getUTCDate()} ${at.toISOString().slice(11, 19)}`;
    const other = submit('spelled', { kind: 'load', price: `${n}`, date: day, note: PAYLOAD_MARK });
    return { ...submit('spelled', toPayload(n, at)), twin: other };
  }

  /** Another body under a key that was used before, or is used at this moment. */
  function keyReused(): FaultRequest {
    const first = keyed();
    const { n, at } = toReading();
    const second = { ...submit('keyed', toPayload(n, at)), headers: first.headers };
    if (random.fraction() < 0.5) return { ...first, twin: second };
    waiting.push(second);
    return first;
  }

  function failing(): FaultRequest {
    const { n, at } = toReading();
    const simulateFailure = random.pick<true | number | 'all'>([true, 1, 2, 3, 'all']);
    return submit('failing', toPayload(n, at), { simulateFailure });
  }

  function ofUnknownVersion(): FaultRequest {
    const { n, at } = toReading();
    return submit('unknown-version', toPayload(n, at), { schemaVersion: UNKNOWN_VERSION });
  }

  function malformed(): FaultRequest {
    count += 1;
    const n = count;
    const body = random.pick([
      `{"source":"bad","payload":${n}`,
      `[${n}]`,
      `{"payload":${n}}`,
      `{"source":"a b","payload":${n}}`,
      `{"source":"bad","payload":{"__proto__":{"a":${n}}}}`,
      `{"source":"bad","payload":{"$where":${n}}}`,
      `{"source":"bad","payload":"\\ud800 ${n}"}`,
      `{"source":"bad","payload":${'['.repeat(100)}${n}${']'.repeat(100)}}`,
      `no json ${n}`,
    ]);
    return { path: '/api/events', headers: JSON_HEADERS, body, expect: 'refused' };
  }

  return {
    next,
    fresh,
    malformed,
    again: (request) => {
      if (waiting.length < REMEMBERED) waiting.push(request);
    },
  };
}

function toPayload(n: number, at: Date) {
  return { metric: 'load', amount: n, timestamp: at.toISOString(), note: PAYLOAD_MARK };
}

function submit(source: string, payload: object, more: object = {}): FaultRequest {
  const body = JSON.stringify({ source, payload, ...more });
  return { path: '/api/events', headers: JSON_HEADERS, body, expect: 'accepted' };
}

function toSignedHeaders(body: string, secret: string, n: number): Record<string, string> {
  const signature = sign(body, secret);
  return { ...JSON_HEADERS, 'x-hub-signature-256': signature, 'x-github-delivery': `delivery-${n}` };
}
