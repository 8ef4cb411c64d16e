import { describe, expect, it } from 'vitest';
import { redactJobData } from './redact-job-data.ts';

describe('redacted job data', () => {
  it('keeps everything but payload and headers', () => {
    const event = { eventId: 'evt_1', body: 'ü', headers: { authorization: 'x' } };
    const single = { run: 0, attemptsBefore: 1, reason: 'failed' };
    expect(redactJobData({ envelope: 1, single, events: [event, 7] })).toEqual({
      envelope: 1,
      single,
      events: [
        { eventId: 'evt_1', body: '(redacted, 2 bytes)', headers: '(redacted, 21 bytes)' },
        '(redacted)',
      ],
    });
    expect(event.body).toBe('ü');
  });

  it('leaves data without events alone', () => {
    const poll = { source: 'erp', tenant: 'default', slot: 1 };
    expect(redactJobData(poll)).toEqual(poll);
    expect(redactJobData(null)).toBeNull();
  });
});
