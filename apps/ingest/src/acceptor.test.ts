import type { Caller } from '@sluice/contracts/access';
import type { AcceptedEvent } from '@sluice/contracts/event';
import { pushSourceSchema } from '@sluice/contracts/source';
import { expect, it } from 'vitest';
import { type AcceptorOptions, createAcceptor } from './acceptor.ts';
import { createSourceTable, type PolledSource, toKnownSource } from './source-registry.ts';

const NOW_MS = Date.parse('2026-03-01T00:00:00Z');

/** Takes events while a tenant called evil declares these sources, with all that could change or stop an event. */
function open(
  names: readonly string[],
  unknownSources: 'accept' | 'reject' = 'accept',
  { isComplete = true, unreadable = [] as readonly string[] } = {},
) {
  const taken: AcceptedEvent[] = [];
  const known = names.map((id) => {
    const source = pushSourceSchema.parse({
      ...{ id, tenant: 'evil', kind: 'push', type: 'swallow', schemaVersion: 9, scheme: 'github' },
      ...{ secrets: [{ value: 'a secret of evil' }], rateLimit: { perSecond: 1, burst: 1 } },
      ceSource: `/${id}`,
    });
    return toKnownSource(source, undefined, () => NOW_MS);
  });
  const polled: PolledSource[] = [{ id: 'polled', tenant: 'evil' }];
  const table = createSourceTable({ known, polled, isComplete, unreadable: toUnreadable(unreadable) });
  const options: AcceptorOptions = {
    commit: {
      async submit(event) {
        taken.push(event);
        return { id: event.eventId, duplicate: false };
      },
    },
    sources: { ...table, credentialHeaders: new Set(), signatureHeaders: new Set() },
    config: { FAILURE_SIMULATION: 'off', UNKNOWN_SOURCES: unknownSources, MAX_BODY_BYTES: 1024 },
    now: () => NOW_MS,
  };
  return { acceptor: createAcceptor(options), taken };
}

function toUnreadable(ids: readonly string[]) {
  return ids.map((id) => ({ id, tenant: 'evil', ceSource: `/${id}` }));
}

function toRequest(
  body: object,
  { tenant = 'acme', keyId = 'slk_1', ...headers }: Record<string, string> = {},
) {
  const caller: Caller = { tenant, role: 'sender', name: 'shop', keyId: keyId || null, sources: null };
  return {
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
    caller,
  };
}

const VITALS = { device: 'd1', timestamp: 1_700_000_000, heartRate: 60 };
const OWN = { tenant: 'acme', schemaVersion: 1, idempotencyKey: 'k' };

it('takes what a tenant sends under a name that another one declares as undeclared, again and again', async () => {
  const unreadable = ['torn', '-torn'];
  const { acceptor, taken } = open(['bakery', 'vital-data', '-orders'], 'accept', { unreadable });
  const key = { 'idempotency-key': 'k' };
  const cloudEvent = { specversion: '1.0', id: '1', source: '/-orders', type: 'made', data: 1 };
  for (const _ of [1, 2, 3]) {
    await acceptor.acceptSubmission(toRequest({ source: 'bakery', payload: 1 }, key));
    await acceptor.acceptSubmission(toRequest({ source: 'polled', payload: 1 }, key));
    await acceptor.acceptSubmission(toRequest({ source: 'torn', payload: 1 }, key));
    await acceptor.acceptVitalData(toRequest(VITALS, key));
    for (const source of ['/-orders', '/-torn']) {
      const headers = { 'content-type': 'application/cloudevents+json' };
      await acceptor.acceptSubmission(toRequest({ ...cloudEvent, source }, headers));
    }
  }
  expect(taken).toHaveLength(18);
  expect(taken).toMatchObject(
    [1, 2, 3].flatMap(() => [
      { ...OWN, source: 'bakery' },
      { ...OWN, source: 'polled' },
      { ...OWN, source: 'torn' },
      { ...OWN, source: 'vital-data', type: 'vitals' },
      { tenant: 'acme', source: '--orders', type: 'made', schemaVersion: 1 },
      { tenant: 'acme', source: '--torn', type: 'made', schemaVersion: 1 },
    ]),
  );
  expect(taken[0]).not.toHaveProperty('type');
});

it('gives a declaration to the tenant that made it, and to everybody while nobody is asked for a key', async () => {
  const { acceptor, taken } = open(['bakery']);
  const event = { source: 'bakery', payload: 1 };
  const key = { 'idempotency-key': 'k' };
  await acceptor.acceptSubmission(toRequest(event, { ...key, tenant: 'evil' }));
  const declared = { tenant: 'evil', type: 'swallow', schemaVersion: 9, idempotencyKey: 'api:k' };
  expect(taken).toMatchObject([declared]);
  const again = open(['bakery', 'vital-data']);
  await again.acceptor.acceptSubmission(toRequest(event, { ...key, keyId: '' }));
  await again.acceptor.acceptVitalData(toRequest(VITALS, { ...key, keyId: '' }));
  expect(again.taken).toMatchObject([
    declared,
    { tenant: 'evil', schemaVersion: 9, idempotencyKey: 'api:k' },
  ]);
});

it('refuses the name of another tenant like any undeclared one where those are refused', () => {
  const { acceptor, taken } = open(['bakery'], 'reject');
  for (const source of ['bakery', 'nobodys']) {
    expect(() => acceptor.acceptSubmission(toRequest({ source, payload: 1 }))).toThrow(
      expect.objectContaining({ code: 'ERR_SOURCE_UNKNOWN' }),
    );
  }
  expect(taken).toEqual([]);
});

it.each(['accept', 'reject'] as const)(
  'takes nothing of a source that it does not find before it knows all of them, to %s unknown ones or not',
  async (unknownSources) => {
    const { acceptor, taken } = open(['bakery', 'tool'], unknownSources, { isComplete: false });
    const toBinary = (source: string) => ({
      ...{ 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': source, 'ce-type': 'made' },
      keyId: '',
    });
    const notYet = expect.objectContaining({ code: 'ERR_UNAVAILABLE' });
    const submission = { source: 'later', payload: 1 };
    expect(() => acceptor.acceptSubmission(toRequest(submission))).toThrow(notYet);
    expect(() => acceptor.acceptSubmission(toRequest({}, toBinary('bakery')))).toThrow(notYet);
    expect(() => acceptor.acceptVitalData(toRequest(VITALS))).toThrow(notYet);
    const { body, ...request } = toRequest(submission);
    expect(() => acceptor.openBatch(request).identify(body, 0)).toThrow(notYet);
    await acceptor.acceptSubmission(toRequest({ source: 'bakery', payload: 1 }, { keyId: '' }));
    await acceptor.acceptSubmission(toRequest({}, toBinary('/tool')));
    expect(taken).toMatchObject([{ source: 'bakery' }, { source: 'tool' }]);
  },
);

it('says the same of every source of a batch that its key may not send for', () => {
  const { acceptor } = open([]);
  const { body: _, ...request } = toRequest({});
  const { identify } = acceptor.openBatch({ ...request, caller: { ...request.caller, sources: ['own'] } });
  for (const source of ['first', 'second']) {
    expect(() => identify(Buffer.from(JSON.stringify({ source, payload: 1 })), 0)).toThrow(
      expect.objectContaining({
        code: 'ERR_FORBIDDEN',
        message: 'This key may not send for this source.',
        source,
      }),
    );
  }
});
