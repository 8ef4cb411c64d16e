import type { AcceptedEvent } from '@sluice/contracts/event';
import { toFailure } from '@sluice/protocol/failure';
import { expect, it } from 'vitest';
import { createEventNormalizer } from './event-normalizer.ts';

const EVENT: AcceptedEvent = {
  ...{ eventId: 'evt_1', tenant: 'default', source: 'erp', via: 'api', form: 'payload' },
  ...{ idempotencyKey: 'k', keyOrigin: 'header', contentHash: 'c', contentType: 'application/json' },
  ...{ headers: {}, body: 'e30=', schemaVersion: 1, receivedAt: '2026-06-02T12:00:00.000Z' },
};

/** Tells what becomes of an event in a worker that knows version 1 and finds this mapping. */
function fail(schemaVersion: number, mapping: 'unusable' | undefined) {
  const normalize = createEventNormalizer({ supportedVersions: [1], mappings: { find: () => mapping } });
  try {
    return normalize({ ...EVENT, schemaVersion });
  } catch (error) {
    return toFailure(error);
  }
}

it('leaves to another worker what this one cannot know, and says why', () => {
  expect(fail(9, undefined)).toEqual({
    ...{ class: 'unknown-version', version: 9 },
    message: 'This worker does not know schema version 9.',
  });
  expect(fail(1, 'unusable')).toMatchObject({
    ...{ class: 'unknown-version', version: 1 },
    message: expect.stringContaining('cannot read the active mapping of erp'),
  });
});

it('warns of numbers that lost digits, as the bytes alone tell', () => {
  const normalize = createEventNormalizer({ supportedVersions: [1], mappings: { find: () => undefined } });
  const codes = (body: string) => normalize({ ...EVENT, body }).warnings.map(({ code }) => code);
  expect(codes('{"a":0.12345678901234567891}')).toEqual(['WARN_NUMBER_ROUNDED']);
  expect(codes('{"a":0.1234567890123456}')).toEqual([]);
});
