import { loadConfig } from '@sluice/runtime/config';
import { expect, it } from 'vitest';
import { schedulerConfigSchema } from './config.ts';

const URL_SET = { ALERT_WEBHOOK_URL: 'https://hooks.example.com/T0KEN' };
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function load(env: Readonly<Record<string, string>>) {
  return loadConfig(schedulerConfigSchema, { env });
}

it('takes an address for alerts with a secret, and neither', () => {
  expect(load({ ...URL_SET, ALERT_WEBHOOK_SECRET: SECRET })).toMatchObject(URL_SET);
  expect(load({})).toMatchObject({
    ALERT_INTERVAL_MS: 15_000,
    ALERT_LAG_MS: 60_000,
    ALERT_REPEAT_MS: 3_600_000,
  });
});

it('refuses an address for alerts without a secret, because they are always signed', () => {
  expect(() => load(URL_SET)).toThrow(
    'ALERT_WEBHOOK_SECRET: it is required where ALERT_WEBHOOK_URL is set, because alerts are always signed',
  );
});

it.each([
  'secret',
  SECRET.slice(6),
  'whsec_c2hvcnQ=',
  `${SECRET.slice(0, -1)}`,
  `whsec_${Buffer.alloc(65).toString('base64')}`,
])('refuses a secret for alerts that is none, and does not tell it: %s', (secret) => {
  const refuse = () => load({ ...URL_SET, ALERT_WEBHOOK_SECRET: secret });
  expect(refuse).toThrow(
    'ALERT_WEBHOOK_SECRET has a value that is not allowed (not shown here); expected whsec_',
  );
  expect(refuse).not.toThrow('T0KEN');
});

it.each([
  ['ftp://hooks.example.com/T0KEN', 'begins with http:// or https://'],
  ['https://ada:T0KEN@hooks.example.com/', 'without a user or a password'],
])('refuses an address for alerts that cannot be sent to: %s', (url, expected) => {
  const refuse = () => load({ ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: SECRET });
  expect(refuse).toThrow(expected);
  expect(refuse).not.toThrow('T0KEN');
});
