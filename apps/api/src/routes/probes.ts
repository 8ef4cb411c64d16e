import { addHealthRoutes, type Health } from '@sluice/runtime/health';
import type { HttpServer } from '@sluice/runtime/http-server';
import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { json, problems } from '../openapi/responses.ts';

const aliveSchema = z.object({ status: z.enum(['alive', 'stuck']) });
const readinessSchema = z.object({
  status: z.enum(['ready', 'not ready', 'closing']),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), reason: z.string().optional() })),
});

const DOCS = {
  '/livez': {
    tags: ['Probes'],
    operationId: 'getLiveness',
    summary: 'Whether the process works',
    response: { 200: json('It does.', aliveSchema), 503: json('It is stuck.', aliveSchema), ...problems() },
  },
  '/readyz': {
    tags: ['Probes'],
    operationId: 'getReadiness',
    summary: 'Whether requests can be served',
    response: {
      200: json('They can.', readinessSchema),
      503: json('They cannot, and why.', readinessSchema),
      ...problems(),
    },
  },
};

/** Adds the probes with what the docs say of them. */
export async function addProbes(server: HttpServer, health: Health): Promise<void> {
  const probes: FastifyPluginAsync = async (scope) => {
    scope.addHook('onRoute', (route) => {
      if (route.method === 'GET' && isDocumented(route.url)) route.schema = DOCS[route.url];
    });
    addHealthRoutes(scope, health);
  };
  await server.register(probes);
}

function isDocumented(url: string): url is keyof typeof DOCS {
  return Object.hasOwn(DOCS, url);
}
