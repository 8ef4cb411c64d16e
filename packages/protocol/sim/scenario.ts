import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import type { StoredStatus } from '@sluice/contracts/status';
import type { Random } from '@sluice/local/random';
import { toContentHash } from '@sluice/normalizer/content-hash';
import { toEventId } from '@sluice/normalizer/identity';
import { RefusedPayloadError, UnknownVersionError } from '../src/failure.ts';

/** What an event does to whoever processes it. */
export type Nature = 'plain' | 'flaky' | 'refused' | 'poison';

/** An event, and how its senders behave. */
export type Plan = {
  readonly event: AcceptedEvent;
  readonly nature: Nature;
  /** When it is delivered, each time anew, in milliseconds from the beginning. */
  readonly deliveriesMs: readonly number[];
  /** The final states that it may have. */
  readonly mayBe: readonly StoredStatus[];
};

const TENANT = 'default';
const SOURCE = 's';

/** Draws the events of a simulation: unique ones, twins of every kind, and those that make trouble. */
export function drawPlans(random: Random, durationMs: number): Plan[] {
  const plans: Plan[] = [];
  const count = random.whole(3, 24);
  const bursts = Array.from({ length: random.whole(1, 4) }, () => random.fraction() * durationMs);
  for (let index = 0; index < count; index += 1) {
    const earlier = plans.length === 0 ? undefined : plans[random.whole(0, plans.length - 1)];
    const deliveriesMs = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () =>
      random.fraction() < 0.7
        ? random.pick(bursts as [number]) + random.fraction() * 5
        : random.fraction() * durationMs,
    );
    plans.push(drawPlan(random, `k${index}`, earlier, deliveriesMs));
  }
  return plans;
}

function drawPlan(
  random: Random,
  key: string,
  earlier: Plan | undefined,
  deliveriesMs: readonly number[],
): Plan {
  const kind = random.whole(0, 99);
  const final = { deliveriesMs, nature: 'plain', mayBe: ['normalized', 'duplicate'] } as const;
  if (earlier !== undefined && kind < 12) {
    // The same key with another body.
    const event = toEvent(earlier.event.idempotencyKey, { unique: key });
    return { ...final, event, mayBe: ['normalized', 'duplicate', 'dead'] };
  }
  if (earlier !== undefined && kind < 22) {
    // The same fact in other words.
    return { ...final, event: toEvent(key, { unique: key, fact: toFact(earlier.event) }) };
  }
  if (earlier !== undefined && kind < 30) {
    // The same content under another key; whatever the first one does, this one does.
    const eventId = toEventId(TENANT, SOURCE, key);
    return { ...earlier, deliveriesMs, event: { ...earlier.event, eventId, idempotencyKey: key } };
  }
  if (kind < 38) {
    const simulate = random.pick<NonNullable<AcceptedEvent['simulate']>>([true, 1, 2, 'all']);
    const event = { ...toEvent(key, { unique: key }), simulate };
    return { ...final, event, mayBe: simulate === 'all' ? ['dead'] : final.mayBe };
  }
  if (kind < 46) {
    const schemaVersion = random.pick([2, 2, 9]);
    const event = { ...toEvent(key, { unique: key }), schemaVersion };
    return { ...final, event, mayBe: schemaVersion === 9 ? ['dead'] : ['normalized', 'duplicate', 'dead'] };
  }
  if (kind < 52) {
    return { ...final, nature: 'refused', event: toEvent(key, { refused: key }), mayBe: ['dead'] };
  }
  if (kind < 58) {
    const event = toEvent(key, { flaky: key });
    return { ...final, nature: 'flaky', event, mayBe: ['normalized', 'duplicate', 'dead'] };
  }
  if (kind < 61) {
    const event = { ...toEvent(key, { poison: key }), schemaVersion: key.endsWith('1') ? 2 : 1 };
    return { ...final, nature: 'poison', event, mayBe: ['dead'] };
  }
  return { ...final, event: toEvent(key, { unique: key }) };
}

function toEvent(key: string, payload: Readonly<Record<string, string>>): AcceptedEvent {
  const body = JSON.stringify(payload);
  return {
    eventId: toEventId(TENANT, SOURCE, key),
    tenant: TENANT,
    source: SOURCE,
    via: 'webhook',
    form: 'payload',
    idempotencyKey: key,
    keyOrigin: 'header',
    contentHash: toContentHash({ source: SOURCE, payload, exact: true, body: Buffer.from(body) }),
    contentType: 'application/json',
    headers: {},
    body,
    schemaVersion: 1,
    receivedAt: '2026-01-01T00:00:00.000Z',
  };
}

function toFact({ body, contentHash }: AcceptedEvent): string {
  return (JSON.parse(body) as { fact?: string }).fact ?? contentHash;
}

/** What normalizing an event is to a simulated worker. */
export type NormalizeOptions = {
  readonly versions: readonly number[];
  readonly random: Random;
  /** Ends the process, as a payload that exhausts it does. */
  readonly die: () => void;
};

/** Creates a worker's normalizer, for which an event's payload says what happens. */
export function createNormalize({
  versions,
  random,
  die,
}: NormalizeOptions): (event: AcceptedEvent) => NormalizedRecord {
  return (event) => {
    const payload = JSON.parse(event.body) as Partial<Record<string, string>>;
    if (!versions.includes(event.schemaVersion)) throw new UnknownVersionError(event.schemaVersion);
    if (payload['poison'] !== undefined) die();
    if (payload['refused'] !== undefined)
      throw new RefusedPayloadError('ERR_FIELD_REQUIRED', 'It is refused.');
    if (payload['flaky'] !== undefined && random.fraction() < 0.4) throw new Error('It failed this time.');
    return {
      type: 'unmapped',
      subject: null,
      timestamp: null,
      data: payload as Record<string, string>,
      schemaVersion: event.schemaVersion,
      mappingRevision: null,
      lineage: {},
      warnings: [],
      normalizedHash: toFact(event),
    };
  };
}
