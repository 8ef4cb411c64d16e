import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { aliased, ConfigError, describeConfig, loadConfig, secret } from './config.ts';
import { durationMs, oneOf, port, sizeBytes, url, wholeList } from './fields.ts';
import { KNOWN_SETTINGS, SETTING_GROUPS, settings, withAuthRule } from './settings.ts';

const schema = z.object({
  LOG_LEVEL: settings.LOG_LEVEL,
  INGEST_PORT: settings.INGEST_PORT,
  REDIS_URL: settings.REDIS_URL,
  MONGODB_URI: settings.MONGODB_URI,
  SUPPORTED_SCHEMA_VERSIONS: settings.SUPPORTED_SCHEMA_VERSIONS,
});

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('no ConfigError was thrown');
}

describe('loadConfig', () => {
  test('gives defaults for what is unset or empty', () => {
    expect(loadConfig(schema, { env: { INGEST_PORT: '' } })).toEqual({
      LOG_LEVEL: 'info',
      INGEST_PORT: 3000,
      REDIS_URL: 'redis://127.0.0.1:6379',
      MONGODB_URI: 'mongodb://127.0.0.1:27017/sluice?replicaSet=rs0',
      SUPPORTED_SCHEMA_VERSIONS: [1, 2],
    });
  });

  test('freezes the result through and through', () => {
    const config = loadConfig(schema, { env: { SUPPORTED_SCHEMA_VERSIONS: '3, 1,3' } });
    expect(config.SUPPORTED_SCHEMA_VERSIONS).toEqual([1, 3]);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.SUPPORTED_SCHEMA_VERSIONS)).toBe(true);
  });

  test('tells every problem at once, each with what is expected', () => {
    const problems = problemsOf(() =>
      loadConfig(schema, {
        env: { LOG_LEVEL: 'loud', INGEST_PORT: '70000', SUPPORTED_SCHEMA_VERSIONS: '1,x' },
      }),
    );
    expect(problems).toEqual([
      'LOG_LEVEL is "loud"; expected trace, debug, info, warn, error, fatal or silent.',
      'INGEST_PORT is "70000"; expected a port from 0 to 65535.',
      'SUPPORTED_SCHEMA_VERSIONS is "1,x"; expected whole numbers from 1 to 10000, separated by commas.',
    ]);
  });

  test('never tells the value of a secret', () => {
    const field = z.object({
      TOKEN: secret(z.string().regex(/^t_/, 'expected t_...')),
      REDIS_URL: settings.REDIS_URL,
    });
    const problems = problemsOf(() =>
      loadConfig(field, { env: { TOKEN: 'hunter2', REDIS_URL: 'http://:hunter2@redis' } }),
    );
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('hunter2');
  });

  test('refuses a misspelt name and suggests the right one', () => {
    expect(problemsOf(() => loadConfig(schema, { env: { LOG_LEVLE: 'debug', PATH: '/bin' } }))).toEqual([
      'LOG_LEVLE is set, but nothing reads it; did you mean LOG_LEVEL?',
    ]);
  });

  test('takes the settings of other apps for no misspelling', () => {
    const env = { LIVE_PORT: '1', API_PORT: '2' };
    const one = z.object({ LIVE_POST: port().default(1) });
    expect(() => loadConfig(one, { env })).toThrow(ConfigError);
    expect(() => loadConfig(one, { env, known: KNOWN_SETTINGS })).not.toThrow();
  });

  test('does not suggest a name that is set', () => {
    expect(() => loadConfig(schema, { env: { LOG_LEVLE: 'x', LOG_LEVEL: 'warn' } })).not.toThrow();
  });

  test('reads an alias, and refuses two names with different values', () => {
    const MONGODB_LOCAL_URI = 'mongodb://a:1,b:2/x?replicaSet=rs0';
    expect(loadConfig(schema, { env: { MONGODB_LOCAL_URI } }).MONGODB_URI).toBe(MONGODB_LOCAL_URI);
    expect(
      problemsOf(() => loadConfig(schema, { env: { MONGODB_LOCAL_URI, MONGODB_URI: 'mongodb://c/x' } })),
    ).toEqual(['MONGODB_URI and MONGODB_LOCAL_URI differ; they mean the same, set one of them.']);
  });

  test('says what Kubernetes did to a port', () => {
    const [problem] = problemsOf(() => loadConfig(schema, { env: { INGEST_PORT: 'tcp://10.0.0.1:3000' } }));
    expect(problem).toContain('enableServiceLinks: false');
  });

  test('names a required setting that is missing, with what it is for', () => {
    const required = z.object({ TOKEN: z.string().describe('Token of the shop.') });
    expect(problemsOf(() => loadConfig(required, { env: {} }))).toEqual([
      'TOKEN is not set; it is required: Token of the shop.',
    ]);
  });
});

describe('withAuthRule', () => {
  const guarded = withAuthRule(
    z.object({ AUTH: settings.AUTH, HOST: settings.HOST, API_PORT: settings.API_PORT }),
  );

  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('lets AUTH be off on %s', (HOST) => {
    expect(loadConfig(guarded, { env: { AUTH: 'off', HOST } }).AUTH).toBe('off');
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.example.com'])('refuses AUTH=off on %s', (HOST) => {
    expect(problemsOf(() => loadConfig(guarded, { env: { AUTH: 'off', HOST } }))).toEqual([
      'AUTH is "off"; it may be off only while HOST is a loopback address like 127.0.0.1.',
    ]);
  });

  test('is told together with other problems', () => {
    const env = { AUTH: 'off', HOST: '0.0.0.0', API_PORT: 'x' };
    expect(problemsOf(() => loadConfig(guarded, { env }))).toHaveLength(2);
  });
});

describe('describeConfig', () => {
  test('masks secrets and the passwords of URLs', () => {
    const all = z.object({ ...schema.shape, TOKEN: aliased(secret(z.string()), 'OLD_TOKEN') });
    const env = { OLD_TOKEN: 'hunter2', REDIS_URL: 'redis://me:hunter2@redis:6379' };
    const shown = describeConfig(all, loadConfig(all, { env }));
    expect(shown['TOKEN']).toBe('***');
    expect(shown['REDIS_URL']).toBe('redis://me:***@redis:6379');
    expect(JSON.stringify(shown)).not.toContain('hunter2');
  });
});

describe('fields', () => {
  test.each([
    ['250', 250],
    ['250ms', 250],
    ['30s', 30_000],
    ['24h', 86_400_000],
  ])('reads %s as a duration', (text, ms) => {
    expect(durationMs(0, 1e9).parse(text)).toBe(ms);
  });

  test.each(['-1', '1.5s', '1 week', '', 'x', '1e3', '99999999999999'])(
    'refuses %j as a duration',
    (text) => {
      expect(durationMs(0, 1e9).safeParse(text).success).toBe(false);
    },
  );

  test('reads sizes, words and lists', () => {
    expect(sizeBytes(0, 1e9).parse('1MiB')).toBe(1_048_576);
    expect(oneOf(['on', 'off']).parse('ON')).toBe('on');
    expect(wholeList(1, 9).safeParse('1,,2').success).toBe(false);
    expect(url('redis:').safeParse('redis').success).toBe(false);
    expect(url('mongodb:').safeParse('mongodb://u:p%40@a:1,b:2,c:3/db?x=1').success).toBe(true);
  });
});

test('every setting has a description and is in one group only', () => {
  const names = Object.values(SETTING_GROUPS).flatMap((group) => Object.keys(group));
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(names)).toEqual(new Set(Object.keys(settings)));
  for (const [name, field] of Object.entries(settings)) {
    expect(field.description, name).toMatch(/^[A-Z].*\.$/);
  }
});
