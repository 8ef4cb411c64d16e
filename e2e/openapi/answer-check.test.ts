import { describe, expect, it } from 'vitest';
import { createAnswerCheck, type SeenAnswer } from './answer-check.ts';
import type { ApiDocument } from './document.ts';

const document: ApiDocument = {
  openapi: '3.1.0',
  paths: {
    '/things/{id}': {
      get: {
        operationId: 'getThing',
        responses: {
          200: {
            description: 'The thing.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
            headers: { etag: { required: true, schema: { type: 'string', pattern: '^"\\d+"$' } } },
          },
          204: { description: 'Nothing.' },
        },
      },
    },
    '/things/all': {
      get: {
        operationId: 'listThings',
        responses: {
          200: { description: 'All.', content: { 'application/json': { schema: { type: 'array' } } } },
        },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        properties: { n: { type: 'integer' } },
        required: ['n'],
        additionalProperties: false,
      },
      Problem: { type: 'object', required: ['code'] },
    },
  },
};

const check = createAnswerCheck(document);

function see(given: Partial<SeenAnswer>, headers: Readonly<Record<string, string>> = {}): readonly string[] {
  return check({
    ...{ method: 'GET', pathname: '/things/1', status: 200, body: '{"n":1}' },
    headers: new Headers({
      'content-type': 'application/json',
      etag: '"1"',
      'x-request-id': 'req_7',
      ...headers,
    }),
    ...given,
  });
}

describe('an answer that is as documented', () => {
  it('is no finding', () => {
    expect(see({})).toEqual([]);
    expect(see({}, { 'content-type': 'application/json; charset=utf-8' })).toEqual([]);
    expect(see({ method: 'HEAD', body: '' })).toEqual([]);
  });

  it('is of the literal path where a pattern fits as well', () => {
    const headers = new Headers({ 'content-type': 'application/json' });
    expect(see({ pathname: '/things/all', body: '[]', headers })).toEqual([]);
  });

  it('may be a problem where nothing is, or another method', () => {
    const headers = new Headers({ 'content-type': 'application/problem+json' });
    expect(see({ pathname: '/other', status: 404, body: '{"code":"x"}', headers })).toEqual([]);
    expect(see({ method: 'PATCH', status: 405, body: '{"code":"x"}', headers })).toEqual([]);
    expect(see({ pathname: '/other', status: 404, body: '{}', headers })).toHaveLength(1);
  });
});

describe('an answer that is not as documented', () => {
  it('names the operation, the status, the request and what is wrong', () => {
    expect(see({ body: '{"n":"1"}' })).toEqual([
      'GET /things/1 (getThing) was answered 200 (req_7): the body is not as documented: /n must be integer',
    ]);
  });

  it.each([
    ['a field that is missing', { body: '{}' }, "must have required property 'n'"],
    ['a field too many', { body: '{"n":1,"m":2}' }, 'additional properties (m)'],
    ['a body that is no JSON', { body: '{' }, 'not JSON'],
    ['a status', { status: 201 }, 'the status is not among 200, 204'],
    ['an address', { pathname: '/nowhere' }, 'no operation has this address'],
    ['a method', { method: 'PUT' }, 'no operation has this method'],
    ['a body where there is none', { status: 204 }, 'where none is documented'],
  ] as const)('is found by %s', (_what, given, wrong) => {
    expect(see(given).join()).toContain(wrong);
  });

  it('is found by its headers', () => {
    expect(see({}, { 'content-type': 'text/html' }).join()).toContain('the media type is text/html');
    expect(see({}, { etag: 'W/1' }).join()).toContain('the header etag is W/1');
    expect(see({}, { location: '/x' }).join()).toContain('the header location is not documented');
    const headers = new Headers({ 'content-type': 'application/json' });
    expect(see({ headers }).join()).toContain('the header etag is missing');
  });
});
