import { acceptedSchema, batchAnswerSchema } from '@sluice/contracts/api';
import { MAX_SCHEMA_VERSION, SOURCE_ID_PATTERN } from '@sluice/contracts/event';
import { statusStreamQuerySchema, streamQuerySchema } from '@sluice/contracts/live';
import { IDEMPOTENCY_KEY_PATTERN } from '@sluice/contracts/submission';
import { z } from 'zod';
import { json, problems, problemsOfBatch } from '../openapi/responses.ts';

/*
 * What the docs say of the routes that are passed on. These schemas check nothing: the app that serves them does.
 */

const sending = {
  tags: ['Sending'],
  headers: z.object({
    'idempotency-key': z
      .string()
      .regex(IDEMPOTENCY_KEY_PATTERN)
      .optional()
      .describe('What makes two deliveries the same; else their content does.'),
    'schema-version': z
      .string()
      .regex(/^\d{1,5}$/)
      .optional()
      .describe(`The version of the source's format, from 1 to ${MAX_SCHEMA_VERSION}.`),
  }),
};

const addressed = {
  source: z.string().regex(SOURCE_ID_PATTERN).describe('Who sends: 1 to 64 of A-Z a-z 0-9 _ . -'),
  schemaVersion: z.int().min(1).max(MAX_SCHEMA_VERSION).optional(),
  simulateFailure: z
    .union([z.boolean(), z.int().min(0).max(1000), z.literal('all')])
    .optional()
    .describe('Fails that many attempts on purpose, where FAILURE_SIMULATION=on.'),
};

const submissionSchema = z
  .union([
    z
      .looseObject({
        ...addressed,
        payload: z.unknown().describe('Any JSON value.'),
        type: z
          .string()
          .min(1)
          .max(128)
          .optional()
          .describe('The type of the event, if the sender knows it.'),
        idempotencyKey: z
          .string()
          .regex(IDEMPOTENCY_KEY_PATTERN)
          .optional()
          .describe('What makes two deliveries the same; goes before the header.'),
      })
      .describe('An event with its payload apart.'),
    z
      .looseObject({ ...addressed, payload: z.never().optional() })
      .describe('A flat event: all other fields are the payload.'),
  ])
  .describe('An event, and who sends it; `client`, `client_id` or `id` may stand for `source`.');

const vitalDataSchema = z
  .looseObject({
    device: z.string().regex(/\S/).max(256),
    timestamp: z.number().min(0).max(253_402_300_799).describe('Unix seconds.'),
    heartRateValue: z.number().nullish(),
    breathRateValue: z.number().nullish(),
  })
  .describe('Vital signs of a device; unknown fields are kept.');

const refusals = [
  'ERR_BODY_EMPTY',
  'ERR_JSON_INVALID',
  'ERR_JSON_TOO_DEEP',
  'ERR_UNSAFE_KEY',
  'ERR_UNICODE_INVALID',
  'ERR_HEADER_INVALID',
  'ERR_BODY_TOO_LARGE',
  'ERR_MEDIA_TYPE',
  'ERR_CONTENT_ENCODING',
  'ERR_RATE_LIMITED',
  'ERR_UNAVAILABLE',
  'ERR_SOURCE_UNREADABLE',
] as const;

const kept = json('The event is kept.', acceptedSchema);

/** Of CloudEvents that come together. */
const keptEach = json(
  'The event is kept; of a batch at least one.',
  z.union([acceptedSchema, batchAnswerSchema]),
);

/** The route of ingest that answers only when it has taken all of a large body. */
export const BATCH_ROUTES = {
  '/api/events/batch': {
    ...sending,
    operationId: 'sendEvents',
    summary: 'Send many events',
    description: `A JSON array (\`application/json\`), lines of JSON (\`application/x-ndjson\`) or CloudEvents
(\`application/cloudevents-batch+json\`), up to 10 MiB, 50,000 events and 7 s; each item is what \`/api/events\` takes. Items are
kept while the rest still arrives, and \`results\` tells of each in their order. An item that is refused stops no other, with one
exception: where an array is not valid JSON nobody knows the items behind that place, so the last result then stands for all of
them. The same goes for a batch that is too large or too slow. \`Idempotency-Key\` becomes \`<key>#<index>\` of each item that has
none of its own. The headers of the request are kept with each item: together, names and values, they may have 2 KiB, else the
batch is refused as ERR_HEADER_INVALID. When nothing is kept the answer is a problem that carries the results too: 503 when a
store is away, 429 when the source sends too fast, else 400.`.replaceAll('\n', ' '),
    body: z.array(submissionSchema),
    response: {
      202: json('At least one event is kept.', batchAnswerSchema),
      ...problemsOfBatch('ERR_BATCH_REJECTED', 'ERR_BODY_INVALID', 'ERR_QUERY_INVALID', ...refusals),
    },
  },
};

/** The other routes of ingest that the api passes on. */
export const INGEST_ROUTES = {
  '/api/events': {
    ...sending,
    operationId: 'sendEvent',
    summary: 'Send an event',
    description:
      'A repeat within an hour is recognised and answered `duplicate: true`. `Location` says where the event can be read. CloudEvents 1.0 are taken too: binary (`ce-*` headers), structured (`application/cloudevents+json`), and batched (`application/cloudevents-batch+json`), which is answered as `/api/events/batch` does.',
    body: submissionSchema,
    response: {
      202: keptEach,
      ...problemsOfBatch(
        ...(['ERR_BODY_INVALID', 'ERR_SOURCE_INVALID', 'ERR_SIMULATION_OFF', 'ERR_SOURCE_UNKNOWN'] as const),
        ...(['ERR_BATCH_REJECTED', 'ERR_QUERY_INVALID'] as const),
        ...refusals,
      ),
    },
  },
  '/api/events/*': null,
  '/hooks/:source': {
    ...sending,
    operationId: 'sendWebhook',
    summary: 'Deliver a webhook of a declared source',
    description: "The body is signed as the source's scheme says, and kept byte for byte.",
    params: z.object({ source: z.string().regex(SOURCE_ID_PATTERN).describe('A declared source.') }),
    body: z.unknown().describe('Whatever the source sends.'),
    response: {
      200: json(
        'A handshake of Slack (`url_verification`), of which nothing is kept.',
        z.object({ challenge: z.string().describe('As it was sent.') }),
      ),
      202: keptEach,
      ...problemsOfBatch(
        ...([
          'ERR_SIGNATURE_INVALID',
          'ERR_BODY_INVALID',
          'ERR_BATCH_REJECTED',
          'ERR_QUERY_INVALID',
          'ERR_NOT_FOUND',
        ] as const),
        ...refusals,
      ),
    },
  },
  '/vital-data': {
    ...sending,
    operationId: 'sendVitalData',
    summary: 'Send vital signs of a device',
    description: 'Numbers of a name that ends in `Value` or `Rate` are vital signs.',
    body: vitalDataSchema,
    response: { 202: kept, ...problems('ERR_BODY_INVALID', 'ERR_QUERY_INVALID', ...refusals) },
  },
};

const watching = {
  tags: ['Live'],
  headers: z.object({
    'last-event-id': z
      .string()
      .optional()
      .describe('The id of the last message that was seen; goes before `lastEventId`.'),
  }),
};

const eventStream = {
  200: {
    description: 'A stream without end.',
    content: { 'text/event-stream': { schema: z.string() } },
  },
  ...problems('ERR_QUERY_INVALID', 'ERR_NOT_ACCEPTABLE', 'ERR_UNAVAILABLE'),
};

const closing =
  '1001 = the server ends, 1008 = the client sent something or its key is no longer in force, 1013 = too slow; connect again with the last id after any but 1008.';

const webSocket = {
  101: z
    .null()
    .describe(
      `A WebSocket. Each message is text: JSON with \`event\`, \`id\` and \`data\`. Close codes: ${closing}`,
    ),
  ...problems('ERR_QUERY_INVALID', 'ERR_UPGRADE_REQUIRED', 'ERR_ORIGIN_FOREIGN', 'ERR_UNAVAILABLE'),
};

/** The routes of live that the api passes on. */
export const LIVE_ROUTES = {
  '/stream': {
    ...watching,
    operationId: 'watchEvents',
    summary: 'Watch new records',
    description:
      'Server-sent events: `event` carries a record as `GET /api/events/normalized` lists it, `heartbeat` comes every 10 s, `reset` says that something may have been missed. Every id can be sent back as `Last-Event-ID`, to go on without a gap.',
    querystring: streamQuerySchema,
    response: eventStream,
  },
  '/stream/statuses': {
    ...watching,
    operationId: 'watchStatuses',
    summary: 'Watch what becomes of events',
    description:
      'Server-sent events like those of `/stream`: `status` tells the status of an event when it is stored, and each time it changes. While an event waits in the queue it is not told.',
    querystring: statusStreamQuerySchema,
    response: eventStream,
  },
  '/stream/*': null,
};

/** The WebSockets of live that the api passes on. */
export const LIVE_SOCKETS = {
  '/stream/ws': {
    ...watching,
    operationId: 'watchEventsBySocket',
    summary: 'Watch new records over a WebSocket',
    description: 'The same messages as those of `/stream`, for clients that speak WebSocket.',
    querystring: streamQuerySchema,
    response: webSocket,
  },
  '/stream/statuses/ws': {
    ...watching,
    operationId: 'watchStatusesBySocket',
    summary: 'Watch what becomes of events over a WebSocket',
    description: 'The same messages as those of `/stream/statuses`, for clients that speak WebSocket.',
    querystring: statusStreamQuerySchema,
    response: webSocket,
  },
};
