import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { describeScheme } from '../../test/describe-scheme.ts';
import { createSlack } from './slack.ts';

function signAsSlack(body: string, secret: string, atMs: number) {
  const timestamp = String(atMs / 1000);
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${signature}` };
}

describeScheme({
  name: 'slack',
  options: { type: 'slack', toleranceSeconds: 300 },
  proves: 'body',
  sign: signAsSlack,
  header: 'x-slack-signature',
  toleranceSeconds: 300,
});

const NOW_MS = 1_531_420_618_000;
const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';

function verify(headers: Record<string, string>, body: string, nowMs = NOW_MS) {
  const request = { headers, body: Buffer.from(body), secrets: [SECRET], nowMs };
  return createSlack({ toleranceSeconds: 300 }).verify(request);
}

test('agrees with the example of the Slack documentation', () => {
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
    '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
    '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
    '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const headers = {
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };
  expect(verify(headers, body)).toEqual({ ok: true });
  expect(verify(headers, body, NOW_MS + 301_000)).toEqual({
    ok: false,
    reason: 'timestamp-out-of-tolerance',
  });
});

test('gives the id of an event as key', () => {
  const body = '{"type":"event_callback","event_id":"Ev0PV52K25","event":{"type":"message"}}';
  expect(verify(signAsSlack(body, SECRET, NOW_MS), body)).toEqual({ ok: true, key: 'Ev0PV52K25' });
});

test('tells the challenge of a handshake, and only then', () => {
  const verifyBody = (content: object) => {
    const body = JSON.stringify(content);
    return verify(signAsSlack(body, SECRET, NOW_MS), body);
  };
  const handshake = { token: 't', challenge: '3eZbrw1aBm2r', type: 'url_verification' };
  expect(verifyBody(handshake)).toEqual({ ok: true, challenge: '3eZbrw1aBm2r' });
  expect(verifyBody({ ...handshake, challenge: 7 })).toEqual({ ok: true });
  expect(verifyBody({ ...handshake, type: 'event_callback' })).toEqual({ ok: true });
  expect(verifyBody({ ...handshake, event_id: 'Ev1' })).toEqual({ ok: true, key: 'Ev1' });
  expect(verifyBody({ ...handshake, more: 'x'.repeat(5000) })).toEqual({ ok: true });
  const forged = signAsSlack(JSON.stringify(handshake), 'another', NOW_MS);
  expect(verify(forged, JSON.stringify(handshake))).toEqual({ ok: false, reason: 'signature-mismatch' });
});

test.each([
  ['timestamp-missing', ''],
  ['timestamp-malformed', 'yesterday'],
  ['timestamp-malformed', '1531420618.5'],
])('says %s of the time "%s"', (reason, timestamp) => {
  const headers = { ...signAsSlack('{}', SECRET, NOW_MS), 'x-slack-request-timestamp': timestamp };
  expect(verify(headers, '{}')).toEqual({ ok: false, reason });
});
