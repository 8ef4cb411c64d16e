import type { EventDetail } from '@sluice/contracts/api';
import { expect, it } from 'vitest';
import { renderDetail } from './shown-event.ts';

const RAW: NonNullable<EventDetail['raw']> = {
  ...{ id: 'evt_1', source: 'shop', via: 'api', status: 'dead', receivedAt: '2026-01-02T03:04:05.000Z' },
  ...{ attempts: 1, schemaVersion: 1, idempotencyKey: 'k', keyOrigin: 'header', contentType: 'text/plain' },
  ...{ sizeBytes: 9, code: null, message: null, conflictOf: null, conflicts: [], duplicateOf: null },
} as never;

it.each([
  ['JSON', { n: 1 }, null, '{\n  "n": 1\n}'],
  ['a text that is JSON', 'a\nb', null, '"a\\nb"'],
  ['a text with its note', 'n: 1\n\u001b[31mred', 'Shown as text.', 'Shown as text.\nn: 1\nred'],
  ['the note alone where it is too large', null, 'The body has 300000 bytes.', 'The body has 300000 bytes.'],
])('shows a payload: %s', (_, payload, payloadNote, shown) => {
  const raw = { ...RAW, payload, payloadNote };
  const detail = { id: 'evt_1', status: 'dead', raw, normalized: null, timeline: [], duplicate: null };
  const text = renderDetail(detail as EventDetail, (_style, plain) => plain);
  expect(text).toContain(`\n\nPayload\n${shown}\n\nTimeline`);
});
