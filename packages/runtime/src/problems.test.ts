import { ProblemException } from '@sluice/contracts/errors';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { expect, test } from 'vitest';
import { toProblem } from './problems.ts';

test('translates a problem exception with its pointers', () => {
  const error = new ProblemException('ERR_BODY_INVALID', 'amount: missing.', {
    errors: [{ pointer: '/amount', detail: 'missing' }],
  });
  expect(toProblem(error, 'req_1')).toEqual({
    problem: {
      type: '/docs/errors#ERR_BODY_INVALID',
      title: 'The body does not have the expected shape.',
      status: 400,
      code: 'ERR_BODY_INVALID',
      detail: 'amount: missing.',
      instance: 'req_1',
      errors: [{ pointer: '/amount', detail: 'missing' }],
    },
    headers: {},
  });
});

test('answers 503 with Retry-After when a store is away', () => {
  const { problem, headers } = toProblem(
    new DependencyAwayError('mongodb', 'connect 10.1.2.3:27017'),
    'req_1',
  );
  expect(problem).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE', detail: 'MongoDB is away.' });
  expect(headers).toEqual({ 'retry-after': '2' });
});

test('rounds Retry-After up to whole seconds', () => {
  const error = new ProblemException('ERR_RATE_LIMITED', undefined, { retryAfterSeconds: 0.2 });
  expect(toProblem(error, 'req_1').headers).toEqual({ 'retry-after': '1' });
});

test('never asks to wait for longer than a day', () => {
  const error = new ProblemException('ERR_RATE_LIMITED', undefined, { retryAfterSeconds: Infinity });
  expect(toProblem(error, 'req_1').headers).toEqual({ 'retry-after': '86400' });
});

test('says how to authenticate', () => {
  const { headers } = toProblem(new ProblemException('ERR_UNAUTHENTICATED'), 'req_1');
  expect(headers).toEqual({ 'www-authenticate': 'Bearer realm="sluice"' });
});

test.each([
  ['a plain error', new Error('secret detail')],
  [
    'an error of a library with a status of its own',
    Object.assign(new Error('secret detail'), { statusCode: 404 }),
  ],
  ['no error at all', 'secret detail'],
])('tells nothing of %s', (_name, error) => {
  const { problem } = toProblem(error, 'req_1');
  expect(problem).toMatchObject({ status: 500, code: 'ERR_INTERNAL' });
  expect(JSON.stringify(problem)).not.toContain('secret detail');
});

test.each([
  ['querystring', 'ERR_QUERY_INVALID'],
  ['body', 'ERR_BODY_INVALID'],
  ['headers', 'ERR_HEADER_INVALID'],
  ['params', 'ERR_NOT_FOUND'],
])('maps a validation error of the %s', (validationContext, code) => {
  const error = Object.assign(new Error('x'), {
    code: 'FST_ERR_VALIDATION',
    validationContext,
    validation: [
      { keyword: 'too_big', instancePath: '/limit', message: 'Too big', params: {} },
      { keyword: 'unrecognized_keys', instancePath: '/', message: 'x', params: { keys: ['a/b', '[$ne]'] } },
    ],
  });
  expect(toProblem(error, 'req_1').problem).toMatchObject({
    code,
    detail: 'limit: Too big (and 2 more).',
    errors: [
      { pointer: '/limit', detail: 'Too big' },
      { pointer: '/a~1b', detail: 'unknown' },
      { pointer: '/[$ne]', detail: 'unknown' },
    ],
  });
});

test.each([
  ['FST_REPLY_FROM_GATEWAY_TIMEOUT', 504],
  ['FST_REPLY_FROM_INTERNAL_SERVER_ERROR', 500],
  ['UND_ERR_SOCKET', 500],
  ['ECONNRESET', 500],
])('answers 503 when the app behind a proxy is away: %s', (code, statusCode) => {
  const error = Object.assign(new Error('connect 10.1.2.3:3000'), { code, statusCode });
  const { problem, headers } = toProblem(error, 'req_1');
  expect(problem).toMatchObject({ status: 503, detail: 'The app that serves this address is away.' });
  expect(headers).toEqual({ 'retry-after': '2' });
});

test('maps the status that a Fastify plugin chose', () => {
  const error = Object.assign(new Error('x'), { statusCode: 404, expose: true });
  expect(toProblem(error, 'req_1').problem.code).toBe('ERR_NOT_FOUND');
});

test('gives the remedy as detail where an error adds nothing to its title', () => {
  expect(toProblem(new ProblemException('ERR_NOT_FOUND'), 'req_1').problem).toMatchObject({
    title: 'There is nothing here.',
    detail: expect.stringContaining('everything else is at the api'),
  });
  // Its remedy speaks of the detail.
  expect(toProblem(new ProblemException('ERR_HEADER_INVALID'), 'req_1').problem.detail).toBe(
    'A header is malformed.',
  );
});

test('names the parameter that was meant', () => {
  const validation = [{ instancePath: '/', message: 'x', params: { keys: ['clientid', 'zzz'] } }];
  const error = Object.assign(new Error('x'), { validationContext: 'querystring', validation });
  expect(toProblem(error, 'req_1', ['client_id', 'limit']).problem.errors).toEqual([
    { pointer: '/clientid', detail: 'unknown; did you mean client_id?' },
    { pointer: '/zzz', detail: 'unknown' },
  ]);
});
