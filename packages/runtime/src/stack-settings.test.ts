import { expect, test } from 'vitest';
import { loadStackSettings } from './stack-settings.ts';

test('asks for no store and lets everybody in on a machine of its own', () => {
  const settings = loadStackSettings('/srv/sluice', {}, { PATH: '/bin' });
  expect(settings).toMatchObject({
    dataDir: '/srv/sluice/.sluice',
    redisUrl: undefined,
    mongodbUri: undefined,
    workers: 2,
    env: { PATH: '/bin', AUTH: 'off', FAILURE_SIMULATION: 'on' },
  });
  expect(Object.keys(settings.ports).every((name) => name.endsWith('_PORT'))).toBe(true);
});

test('is as strict as elsewhere where others can reach it', () => {
  const { env } = loadStackSettings('/srv', {}, { HOST: '0.0.0.0' });
  expect(env).toMatchObject({ AUTH: 'on', FAILURE_SIMULATION: 'off' });
});

test('uses the stores that are given, by their aliases too', () => {
  const redisUrl = 'redis://cache:6379';
  const mongodbUri = 'mongodb://db:27017/sluice?replicaSet=rs0';
  const env = { REDIS_URL: redisUrl, MONGODB_LOCAL_URI: mongodbUri };
  expect(loadStackSettings('/srv', {}, env)).toMatchObject({ redisUrl, mongodbUri });
});

test('prefers what is forced to what the environment says', () => {
  const { env, host } = loadStackSettings(
    '/srv',
    { HOST: '127.0.0.1', AUTH: 'off' },
    { HOST: '::', AUTH: 'on' },
  );
  expect(env['AUTH']).toBe('off');
  expect(host).toBe('127.0.0.1');
});

test('tells every wrong setting at once', () => {
  expect(() => loadStackSettings('/srv', {}, { WORKERS: 'many', INGEST_PORT: '70000' })).toThrow(
    /WORKERS.*\n.*INGEST_PORT|INGEST_PORT.*\n.*WORKERS/,
  );
});
