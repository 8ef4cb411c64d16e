import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function createCapture() {
  const lines: string[] = [];
  const logger = createLogger({
    app: 'ingest',
    instance: 'ingest-1',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  return { logger, read: () => JSON.parse(lines.at(-1) ?? 'null') };
}

test('writes app, instance, level by name and ISO time', () => {
  const { logger, read } = createCapture();
  logger.info({ source: 'shop' }, 'event.accepted');
  const { time, ...rest } = read();
  expect(new Date(time).toISOString()).toBe(time);
  expect(rest).toEqual({
    level: 'info',
    app: 'ingest',
    instance: 'ingest-1',
    source: 'shop',
    msg: 'event.accepted',
  });
});

test('masks secret headers and fields at every level down to the third', () => {
  const { logger, read } = createCapture();
  logger.info({
    authorization: 'hunter2',
    headers: { cookie: 'hunter2', 'x-hub-signature-256': 'hunter2' },
    request: { headers: { authorization: 'hunter2' } },
    a: { b: { c: { password: 'hunter2', secret: 'hunter2' } } },
  });
  expect(JSON.stringify(read())).not.toContain('hunter2');
  expect(read().headers.cookie).toBe('***');
});

test('masks the passwords of URLs wherever they stand, errors included', () => {
  const { logger, read } = createCapture();
  logger.error({
    err: new Error('no answer from mongodb://sluice:hunter2@db:27017/x'),
    urls: ['redis://:hunter2@r'],
  });
  expect(JSON.stringify(read())).not.toContain('hunter2');
  expect(read().err.message).toBe('no answer from mongodb://sluice:***@db:27017/x');
});

test('tells of an error and its causes what they are, and nothing that hangs on them', () => {
  const { logger, read } = createCapture();
  const cause = Object.assign(new Error('E11000 duplicate key'), {
    code: 11000,
    writeErrors: [{ op: { body: 'a whole payload' } }],
  });
  const err = Object.assign(new TypeError('the bulk was refused', { cause }), {
    result: { body: 'a whole payload' },
  });
  logger.error({ err }, 'bulk.failed');
  expect(read().err).toMatchObject({
    type: 'TypeError',
    message: 'the bulk was refused',
    cause: { type: 'Error', message: 'E11000 duplicate key', code: 11000 },
  });
  expect(read().err.stack).toContain('logger.test.ts');
  expect(JSON.stringify(read())).not.toContain('a whole payload');
});

test('leaves URLs without a password alone', () => {
  const { logger, read } = createCapture();
  logger.info({ url: 'http://127.0.0.1:3000/a@b', mail: 'a@b.c' });
  expect(read()).toMatchObject({ url: 'http://127.0.0.1:3000/a@b', mail: 'a@b.c' });
});
