/*
 * The description of the api. Everything comes from the schemas that the routes check with; a route without a tag is
 * not described. `/openapi.json` is OpenAPI 3.1, `/docs` shows it.
 */
import { createHash } from 'node:crypto';
import fastifySwagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import { ERRORS, type ProblemCode, ProblemException } from '@sluice/contracts/errors';
import { addRoutesFor, isUnsafe } from '@sluice/runtime/access';
import type { HttpServer } from '@sluice/runtime/http-server';
import { PROBLEM_MEDIA_TYPE } from '@sluice/runtime/problems';
import type { FastifyPluginAsync, FastifySchema } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { SECURITY_SCHEMES, toDescribedAccess, withAccess } from './access.ts';
import { withProblems } from './added-problems.ts';
import { ANSWER_EXAMPLES, REQUEST_EXAMPLES, toProblemExample } from './examples.ts';
import { addHeaders } from './headers.ts';

const DESCRIPTION = `Sluice takes events in, keeps them safe, and turns each into one clean record.

A 202 means that the event is kept. Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems with a
\`code\` (all of them: [/docs/errors](/docs/errors)). Lists are read page by page: pass \`nextCursor\` on as \`cursor\`.
Unknown and malformed query parameters are refused, but by probes. Times are RFC 3339, UTC, with milliseconds.`;

/** Without it the provider drops the branches of a union that transform what they read. */
const AS_IT_IS = { zodToJsonConfig: { override: () => undefined } };
const transformSchema = createJsonSchemaTransform(AS_IT_IS);
const transformObject = createJsonSchemaTransformObject(AS_IT_IS);

/** What any route that takes a body can answer before it looks at it. */
const BODY_PROBLEMS = [
  ...(['ERR_BODY_EMPTY', 'ERR_JSON_INVALID', 'ERR_BODY_TOO_LARGE'] as const),
  ...(['ERR_MEDIA_TYPE', 'ERR_CONTENT_ENCODING'] as const),
];

/** What is passed on documents all of its answers itself. */
function takesBody(method: string | readonly string[], { tags = [] }: FastifySchema): boolean {
  return [method].flat().some(isUnsafe) && !tags.includes('Sending');
}

/** Collects what the routes that are added later say of themselves; call it before they are added. */
export async function registerOpenApi(server: HttpServer): Promise<void> {
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Sluice', version: '1', description: DESCRIPTION },
      servers: [{ url: '/' }],
      components: { securitySchemes: SECURITY_SCHEMES },
      tags: [
        { name: 'Events', description: 'What became of events.' },
        { name: 'Aggregates', description: 'Metrics, summed up by time.' },
        { name: 'Vital data', description: 'The newest vital signs of each device.' },
        { name: 'Sources', description: 'What sends to us, and what we poll.' },
        { name: 'Mappings', description: 'How payloads become records, tried before it is trusted.' },
        { name: 'Operations', description: 'What operators do.' },
        { name: 'Backup', description: 'The second MongoDB, and how it follows.' },
        { name: 'Sending', description: 'Ways in; requests are passed on to ingest as they are.' },
        { name: 'Live', description: 'New records as they are stored.' },
        { name: 'Access', description: 'Who may do what, and who did.' },
        { name: 'Probes', description: 'For those who run Sluice.' },
      ],
    },
    hideUntagged: true,
    transform: ({ schema = {}, ...given }) => {
      const { config = {}, method } = given.route;
      const access = toDescribedAccess(given.url, schema, config);
      const own = takesBody(method, schema) ? withProblems(schema, BODY_PROBLEMS) : schema;
      return transformSchema({ ...given, schema: withAccess(own, access) });
    },
    transformObject: (document) => complete(transformObject(document)),
  });
}

/** What the api is like is no secret: its source is open. */
const ANYBODY = { role: 'anybody' } as const;

/** Adds `/openapi.json` and `/docs`. */
export async function addDocs(server: HttpServer): Promise<void> {
  server.get('/openapi.json', { config: ANYBODY }, (_request, reply) =>
    reply.header('cache-control', 'no-cache').send(server.swagger()),
  );
  const docs: FastifyPluginAsync = async (scope) => {
    addRoutesFor(scope, ANYBODY);
    scope.addHook('onRequest', async (request) => {
      // The plugin builds a URL of the host, whatever that is.
      if (!URL.canParse(`http://${request.host}`)) throw new ProblemException('ERR_REQUEST_MALFORMED');
    });
    scope.addHook('onSend', async (_request, reply, payload) => {
      const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
      if (isPage && typeof payload === 'string') {
        reply.header('content-security-policy', toDocsPolicy(payload));
      }
      return payload;
    });
    await scope.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'Sluice API',
        theme: 'default',
        withDefaultFonts: false,
        telemetry: false,
        hideClientButton: true,
        agent: { disabled: true },
        mcp: { disabled: true },
        showDeveloperTools: 'never',
      },
    });
  };
  await server.register(docs);
}

/** Allows the page its own scripts, its one inline script by hash, and the styles that they write. */
function toDocsPolicy(page: string): string {
  const inline = [...page.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
  const hashes = inline.map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

type Media = {
  example?: unknown;
  readonly schema?: { readonly anyOf?: readonly { readonly type?: string }[] };
};
type Answer = { readonly content?: Record<string, Media>; readonly description?: string };
type Operation = {
  readonly operationId?: string;
  readonly requestBody?: { required?: boolean; readonly content: Record<string, Media> };
  readonly responses?: Record<string, Answer>;
};
type Document = {
  readonly paths?: Record<string, Record<string, Operation>>;
  readonly components?: { readonly schemas?: Record<string, unknown> };
};

/** Adds examples and headers, and drops components that nothing refers to (the provider makes each one twice). */
function complete<Given extends object>(given: Given): Given {
  const document = given as Document;
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods)) {
      addExamples(path, method, operation);
      noteOptionalBody(operation);
      addHeaders(operation.operationId ?? '', operation.responses ?? {});
    }
  }
  const schemas = document.components?.schemas ?? {};
  for (;;) {
    const text = JSON.stringify(document);
    const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    if (unused.length === 0) return given;
    for (const name of unused) delete schemas[name];
  }
}

/** The plugin takes every body for required, also one that may be null, which none at all is read as. */
function noteOptionalBody({ requestBody }: Operation): void {
  if (requestBody === undefined) return;
  const media = Object.values(requestBody.content);
  const mayBeNull = media.some(({ schema }) => schema?.anyOf?.some(({ type }) => type === 'null') === true);
  if (mayBeNull) requestBody.required = false;
}

function addExamples(path: string, method: string, { requestBody, responses = {} }: Operation): void {
  for (const media of Object.values(requestBody?.content ?? {})) media.example = REQUEST_EXAMPLES[path];
  for (const [status, { content = {}, description = '' }] of Object.entries(responses)) {
    for (const [type, media] of Object.entries(content)) {
      const code = /`(ERR_[A-Z_]+)`/.exec(description)?.[1];
      if (type === PROBLEM_MEDIA_TYPE && isProblemCode(code)) media.example = toProblemExample(code);
      else if (status.startsWith('2')) {
        const operation = `${method} ${path}`;
        media.example = ANSWER_EXAMPLES[`${operation} ${status}`] ?? ANSWER_EXAMPLES[operation];
      }
    }
  }
}

function isProblemCode(code: string | undefined): code is ProblemCode {
  return (
    code !== undefined && Object.hasOwn(ERRORS, code) && ERRORS[code as ProblemCode].status !== undefined
  );
}
