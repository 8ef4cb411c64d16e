import { expect, it } from 'vitest';
import { isJsonContentType, type PayloadBody, readPayload, toBodyBytes } from './read-payload.ts';

const event: PayloadBody = { form: 'payload', contentType: 'application/json', body: '{"a":1}' };
const bytes = Buffer.from([0xff, 0x00, 0x7b]);

it('reads JSON, whatever the parameters of its media type', () => {
  expect(readPayload(event)).toEqual({ a: 1 });
  expect(readPayload({ ...event, contentType: 'Application/CloudEvents+JSON; charset=utf-8' })).toEqual({
    a: 1,
  });
});

it('reads the payload of a submission', () => {
  const body = '{"source":"shop","type":"order","payload":[1]}';
  expect(readPayload({ ...event, form: 'submission', body })).toEqual([1]);
  expect(readPayload({ ...event, form: 'submission', body: '{"client_id":"shop","a":1}' })).toEqual({ a: 1 });
});

it('passes other media types through as text, or as base64 when the bytes are no UTF-8', () => {
  expect(readPayload({ ...event, contentType: 'text/plain', body: '{"a":' })).toBe('{"a":');
  const body = bytes.toString('base64');
  expect(readPayload({ ...event, contentType: 'image/png', body, bodyEncoding: 'base64' })).toBe(body);
});

it('refuses bytes that are no JSON, no UTF-8 or no submission', () => {
  const code = (value: string) => expect.objectContaining({ code: value });
  expect(() => readPayload({ ...event, body: '{' })).toThrow(code('ERR_JSON_INVALID'));
  expect(() => readPayload({ ...event, body: bytes.toString('base64'), bodyEncoding: 'base64' })).toThrow(
    code('ERR_UNICODE_INVALID'),
  );
  expect(() => readPayload({ ...event, form: 'submission', body: '{"a":1}' })).toThrow(
    code('ERR_SOURCE_INVALID'),
  );
});

it('gives the exact bytes back', () => {
  expect(toBodyBytes({ body: bytes.toString('base64'), bodyEncoding: 'base64' })).toEqual(bytes);
  expect(toBodyBytes({ body: '\ufeffé' })).toEqual(Buffer.from('\ufeffé'));
});

it.each([
  ['application/json', true],
  ['application/vnd.api+json;v=1', true],
  ['application/x-ndjson', false],
  ['text/json', false],
  ['text/plain; type=application/json', false],
  ['', false],
])('tells that %j is JSON: %s', (contentType, json) => {
  expect(isJsonContentType(contentType)).toBe(json);
});
