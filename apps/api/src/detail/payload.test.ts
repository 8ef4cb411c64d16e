import { expect, it } from 'vitest';
import { toShownPayload } from './payload.ts';

const JSON_BODY = { form: 'payload', contentType: 'application/json' } as const;

it('shows a payload as JSON, as long as that says the same', () => {
  const body = '{"a":1.50,"b":"9007199254740993"}';
  expect(toShownPayload({ ...JSON_BODY, body })).toEqual({
    payload: { a: 1.5, b: '9007199254740993' },
    payloadNote: null,
  });
});

it.each(['{"a": 9007199254740993}', '{"a":0.12345678901234567891}', '[1e999]'])(
  'shows %s as it was sent, and says why',
  (text) => {
    const note = expect.stringContaining('more digits');
    expect(toShownPayload({ ...JSON_BODY, body: text })).toEqual({ payload: text, payloadNote: note });
    const nested = `{"source":"shop","schemaVersion":1,"payload": ${text} }`;
    expect(toShownPayload({ ...JSON_BODY, form: 'submission', body: nested })).toEqual({
      payload: text,
      payloadNote: note,
    });
  },
);

it('shows the whole text of a flat submission', () => {
  const body = '{"source":"shop","a":9007199254740993}';
  expect(toShownPayload({ ...JSON_BODY, form: 'submission', body }).payload).toBe(body);
});
