import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ERRORS } from '@sluice/contracts/errors';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it } from 'vitest';
import { startApi, useStores } from './fixtures.ts';

const stores = useStores();

type Media = { schema?: object; example?: unknown };
type Operation = {
  summary?: string;
  description?: string;
  operationId?: string;
  parameters?: { name: string; in: string; description?: string }[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, { description: string; content: Record<string, Media> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

async function readDocument() {
  const api = await startApi(stores);
  const { status, body } = await api.get('/openapi.json');
  expect(status).toBe(200);
  const document: Document = body;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );
  return { api, document, operations };
}

describe('/openapi.json', () => {
  it('describes every route, those that are passed on included', async () => {
    const { document, operations } = await readDocument();
    expect(document.openapi).toBe('3.1.0');
    expect(operations.map(([name]) => name).sort()).toEqual([
      'delete /api/keys/{id}',
      'delete /api/session',
      'delete /api/sources/{id}',
      'get /api/aggregates',
      'get /api/alerts',
      'get /api/audit',
      'get /api/dead-letters',
      'get /api/discards/{id}',
      'get /api/events/normalized',
      'get /api/events/raw',
      'get /api/events/stats',
      'get /api/events/stats/history',
      'get /api/events/stats/hourly',
      'get /api/events/stats/recent',
      'get /api/events/{id}',
      'get /api/events/{id}/body',
      'get /api/keys',
      'get /api/maintenance',
      'get /api/processes',
      'get /api/queues',
      'get /api/rejections',
      'get /api/replays',
      'get /api/replays/{id}',
      'get /api/schedules',
      'get /api/session',
      'get /api/sources',
      'get /api/sources/{id}',
      'get /api/sources/{id}/mapping',
      'get /api/sources/{id}/mapping/{revision}',
      'get /api/sync/differences',
      'get /api/sync/differences/document',
      'get /api/sync/full',
      'get /api/sync/health',
      'get /api/sync/metrics',
      'get /livez',
      'get /readyz',
      'get /stream',
      'get /stream/statuses',
      'get /stream/statuses/ws',
      'get /stream/ws',
      'get /vital-data',
      'post /api/discards',
      'post /api/events',
      'post /api/events/batch',
      'post /api/events/{id}/discard',
      'post /api/events/{id}/replay',
      'post /api/keys',
      'post /api/maintenance',
      'post /api/mappings/dry-run',
      'post /api/replays',
      'post /api/replays/{id}/cancel',
      'post /api/replays/{id}/pause',
      'post /api/replays/{id}/resume',
      'post /api/session',
      'post /api/sources',
      'post /api/sources/{id}/cursor',
      'post /api/sources/{id}/mapping',
      'post /api/sources/{id}/mapping/{revision}/activate',
      'post /api/sources/{id}/mapping/{revision}/retire',
      'post /api/sources/{id}/mapping/{revision}/trial',
      'post /api/sources/{id}/pause',
      'post /api/sources/{id}/poll',
      'post /api/sources/{id}/resume',
      'post /api/sync/full',
      'post /api/sync/full/cancel',
      'post /api/sync/full/pause',
      'post /api/sync/full/resume',
      'post /hooks/{source}',
      'post /vital-data',
      'put /api/sources/{id}',
    ]);
  });

  it('gives every operation a summary, and every answer a description, a schema and an example', async () => {
    const { operations } = await readDocument();
    for (const [name, operation] of operations) {
      expect(operation.summary, name).toBeTruthy();
      expect(operation.operationId, name).toBeTruthy();
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '408', '431', '500']));
      expect(
        Object.keys(operation.responses).some((status) => status.startsWith('2') || status === '101'),
        name,
      ).toBe(true);
      for (const parameter of operation.parameters ?? [])
        expect(parameter.description, `${name} ${parameter.name}`).toBeTruthy();
      for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
        expect(description, `${name} ${status}`).not.toBe('Default Response');
        for (const [type, media] of Object.entries(content)) {
          expect(media.schema, `${name} ${status} ${type}`).toBeDefined();
          if (type === 'text/event-stream' || (name.endsWith('z') && status === '503')) continue;
          expect(media.example, `${name} ${status} ${type}`).toBeDefined();
        }
      }
      for (const media of Object.values(operation.requestBody?.content ?? {}))
        expect(media.example, name).toBeDefined();
    }
  });

  it('names the status of a compressed body wherever JSON is read', async () => {
    const { api, operations } = await readDocument();
    const undocumented = operations.filter(
      ([, { requestBody, responses }]) =>
        requestBody !== undefined && !responses['415']?.description.includes('`ERR_CONTENT_ENCODING`'),
    );
    expect(undocumented.map(([name]) => name)).toEqual([]);
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    for (const url of ['/api/maintenance', '/api/mappings/dry-run', '/api/sources/x/mapping']) {
      const payload = gzipSync('{}');
      const answer = await api.server.inject({ method: 'POST', url, headers, payload });
      expect([answer.statusCode, answer.json().code], url).toEqual([415, 'ERR_CONTENT_ENCODING']);
    }
  });

  it('says where a body may be left out', async () => {
    const { operations } = await readDocument();
    const optional = operations.filter(([, { requestBody }]) => requestBody?.required === false);
    expect(optional.map(([name]) => name).sort()).toEqual([
      'post /api/events/{id}/replay',
      'post /api/sources/{id}/mapping/{revision}/activate',
      'post /api/sources/{id}/mapping/{revision}/trial',
    ]);
  });

  it('refers to nothing that is missing, and holds nothing that is not referred to', async () => {
    const { document } = await readDocument();
    const text = JSON.stringify(document);
    const referred = new Set(
      [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
    );
    expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort());
    expect(referred).toContain('EventDetail');
  });

  it('documents examples that the routes would answer', async () => {
    const { operations } = await readDocument();
    const answers = await import('@sluice/contracts/api');
    const ofSources = await import('@sluice/contracts/sources-api');
    const schemas = {
      'get /api/sources': ofSources.sourceListSchema,
      'get /api/sources/{id}': ofSources.sourceDetailSchema,
      'get /api/sources/{id}/mapping': ofSources.revisionListSchema,
      'put /api/sources/{id}': ofSources.sourceItemSchema,
      'get /api/events/{id}': answers.eventDetailSchema,
      'get /api/events/raw': answers.listOf(answers.rawItemSchema),
      'get /api/events/normalized': answers.listOf(answers.normalizedItemSchema),
      'get /api/events/stats': answers.statsSchema,
      'get /vital-data': answers.vitalsSchema,
      'post /api/events': answers.acceptedSchema,
    };
    for (const [name, schema] of Object.entries(schemas)) {
      const operation = Object.fromEntries(operations)[name];
      const status = name.startsWith('post') ? '202' : '200';
      const example = operation?.responses[status]?.content['application/json']?.example;
      expect(schema.parse(example), name).toEqual(example);
    }
  });
});

describe('pages', () => {
  it('show where everything is, with links that lead somewhere', async () => {
    const { server } = await startApi(stores);
    const page = await server.inject('/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const links = [...page.body.matchAll(/href="(\/[^"]*)"/g)].map(([, href]) => href ?? '');
    expect(links).toEqual(
      expect.arrayContaining(['/admin/queues', '/docs/', '/api/events/stats', '/stream']),
    );
    for (const href of links.filter((it) => it !== '/stream')) {
      expect((await server.inject(href)).statusCode, href).toBe(200);
    }
  });

  it('explain every error code where the type of a problem points', async () => {
    const { server } = await startApi(stores);
    const problem = (await server.inject('/nothing')).json();
    const [path, code] = problem.type.split('#');
    const page = await server.inject(path);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain(`id="${code}"`);
    for (const known of Object.keys(ERRORS)) expect(page.body).toContain(`id="${known}"`);
  });

  it('allow their own style, by hash, and nothing else', async () => {
    const { server } = await startApi(stores);
    for (const url of ['/', '/docs/errors']) {
      const { body, headers } = await server.inject(url);
      const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(body).not.toMatch(/<script| style=| on[a-z]+=/);
    }
  });

  it('of the docs run only their own scripts', async () => {
    const { server } = await startApi(stores);
    expect((await server.inject('/docs')).headers.location).toBe('/docs/');
    const { body, headers } = await server.inject('/docs/');
    const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(body)?.[1] ?? '';
    expect(script).toContain('/openapi.json');
    const hash = createHash('sha256').update(script).digest('base64');
    expect(headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${hash}'`);
    expect((await server.inject('/docs/js/scalar.js')).statusCode).toBe(200);
    expect((await server.inject({ url: '/docs/', headers: { host: 'a b.localhost' } })).statusCode).toBe(400);
  });
});

describe('the dashboard', () => {
  const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  async function startWithDashboard() {
    const dashboardDir = await makeTestFolder();
    await writeFile(join(dashboardDir, 'index.html'), '<title>Dashboard</title>');
    const { server } = await startApi({ ...stores, dashboardDir });
    return (url: string, headers: Record<string, string> = BROWSER, method: 'GET' | 'POST' = 'GET') =>
      server.inject({ method, url, headers });
  }

  it('answers a browser at an address that leads nowhere, where it says so', async () => {
    const ask = await startWithDashboard();
    const { body, headers } = await ask('/overview');
    for (const url of ['/nonsense', '/a%20b/c?api=/api/x', '/apis', '/overviews']) {
      const page = await ask(url);
      expect([page.statusCode, page.body], url).toEqual([404, body]);
      expect(page.headers, url).toMatchObject({
        'content-type': headers['content-type'],
        'content-security-policy': headers['content-security-policy'],
        'cache-control': 'no-store',
      });
    }
  });

  it('leaves to the service what is not asked by a browser, or not for a page', async () => {
    const ask = await startWithDashboard();
    const expectProblem = async (answer: ReturnType<typeof ask>, status: number, code: string) => {
      const { statusCode, headers, body } = await answer;
      expect([statusCode, headers['content-type'], JSON.parse(body).code]).toEqual([
        status,
        'application/problem+json',
        code,
      ]);
    };
    for (const url of ['/api/nonsense', '/docs/x/y', '/metrics', '/admin', '/assets/x.js', '/vital-data/'])
      await expectProblem(ask(url), 404, 'ERR_NOT_FOUND');
    await expectProblem(ask('/nonsense', { accept: '*/*' }), 404, 'ERR_NOT_FOUND');
    await expectProblem(ask('/nonsense', {}), 404, 'ERR_NOT_FOUND');
    for (const method of ['GET', 'POST'] as const)
      for (const url of ['/%zz', '/a%2', '/%E0%A4%A'])
        await expectProblem(ask(url, BROWSER, method), 400, 'ERR_REQUEST_MALFORMED');
    for (const url of ['/nonsense', '/a%20b', '/api/x%2Fy/z'])
      await expectProblem(ask(url, BROWSER, 'POST'), 404, 'ERR_NOT_FOUND');
    await expectProblem(ask('/overview', BROWSER, 'POST'), 405, 'ERR_METHOD_NOT_ALLOWED');
    await expectProblem(ask('/hooks/shop'), 405, 'ERR_METHOD_NOT_ALLOWED');
  });
});

describe('every answer', () => {
  it('carries the headers that protect a browser', async () => {
    const { server } = await startApi(stores);
    for (const url of [
      '/',
      '/nothing',
      '/api/events/stats?x=1',
      '/openapi.json',
      '/admin/queues',
      '/livez',
    ]) {
      const { headers } = await server.inject(url);
      expect(headers, url).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
    }
  });
});

describe('Bull Board', () => {
  it('is at /admin/queues, and deletes nothing', async () => {
    const { server } = await startApi(stores);
    const board = await server.inject('/admin/queues');
    expect(board.statusCode).toBe(200);
    expect(board.body).toContain('Sluice');
    const queues = await server.inject('/admin/queues/api/queues');
    expect(queues.json().queues.map(({ name }: { name: string }) => name)).toEqual([
      'events',
      'polls',
      'sync',
    ]);
    const refused = await server.inject({ method: 'PUT', url: '/admin/queues/api/queues/events/obliterate' });
    expect(refused.statusCode).toBe(405);
  });
});

describe('the probes', () => {
  it('tell that both stores answer', async () => {
    const { get } = await startApi(stores);
    expect(await get('/livez')).toMatchObject({ status: 200, body: { status: 'alive' } });
    expect(await get('/livez?x=1')).toMatchObject({ status: 200, body: { status: 'alive' } });
    expect(await get('/readyz?x[$ne]=1')).toMatchObject({ status: 200 });
    expect(await get('/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { mongodb: { ok: true }, redis: { ok: true } } },
    });
  });
});
