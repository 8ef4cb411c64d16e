import { ProblemException } from './errors.ts';
import { MAX_SCHEMA_VERSION, type SimulatedFailure, SOURCE_ID_PATTERN } from './event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** What the body of `POST /api/events` says. */
export type Submission = {
  readonly source: string;
  readonly payload: JsonValue;
  readonly type?: string;
  readonly schemaVersion?: number;
  readonly idempotencyKey?: string;
  readonly simulate?: SimulatedFailure;
};

const SOURCE_FIELDS = ['source', 'client', 'client_id', 'id'] as const;

/** What says how an event is taken, not what it is. */
const CONTROL_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'idempotencyKey',
  'schemaVersion',
  'simulateFailure',
]);

/** The keys that a sender may give its events: 1 to 256 printable ASCII characters. */
export const IDEMPOTENCY_KEY_PATTERN = /^[\x20-\x7e]{1,256}$/;

/**
 * Reads a submission: either `{source, payload, type?, idempotencyKey?, schemaVersion?, simulateFailure?}`, or a flat
 * object whose `source`, `client`, `client_id` or `id` (the first there is) names the source and whose rest is the
 * payload.
 * The same function reads it in ingest and, from the stored bytes, in the worker.
 *
 * @throws ProblemException ERR_BODY_INVALID, ERR_SOURCE_INVALID
 */
export function readSubmission(body: JsonValue): Submission {
  if (!isJsonObject(body)) {
    throw new ProblemException('ERR_BODY_INVALID', 'The body must be a JSON object that names its source.', {
      errors: [{ pointer: '', detail: 'expected an object' }],
    });
  }
  const field = SOURCE_FIELDS.find((name) => Object.hasOwn(body, name));
  const source = field === undefined ? undefined : body[field];
  if (field === undefined || typeof source !== 'string' || !SOURCE_ID_PATTERN.test(source)) {
    throw new ProblemException('ERR_SOURCE_INVALID', undefined, {
      errors: [
        {
          pointer: `/${field ?? 'source'}`,
          detail:
            field === undefined ? 'missing' : 'expected a string of 1 to 64 characters of A-Z a-z 0-9 _ . -',
        },
      ],
    });
  }
  const { schemaVersion, simulateFailure } = body;
  const controls = {
    ...(schemaVersion === undefined ? {} : { schemaVersion: toSchemaVersion(schemaVersion) }),
    ...toSimulation(simulateFailure),
  };
  if (!Object.hasOwn(body, 'payload')) {
    return { source, payload: withoutControls(body, field), ...controls };
  }
  const { type, idempotencyKey } = body;
  if (type !== undefined && (typeof type !== 'string' || type === '' || type.length > 128)) {
    throw invalid('/type', 'expected a string of 1 to 128 characters');
  }
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
    throw invalid('/idempotencyKey', 'expected a string of 1 to 256 printable ASCII characters');
  }
  return {
    source,
    payload: body['payload'] ?? null,
    ...(type === undefined ? {} : { type }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...controls,
  };
}

/**
 * Refuses a submission that says nothing beside its source: a `payload` was forgotten. Ingest asks, and no worker: what
 * was accepted once is read.
 *
 * @throws ProblemException ERR_BODY_INVALID at /payload
 */
export function assertContent(body: JsonValue): void {
  if (!isJsonObject(body) || Object.hasOwn(body, 'payload')) return;
  const sourceField = SOURCE_FIELDS.find((name) => Object.hasOwn(body, name));
  const isContent = (name: string): boolean => name !== sourceField && !CONTROL_FIELDS.has(name);
  if (!Object.keys(body).some(isContent)) throw invalid('/payload', 'missing');
}

function isIdempotencyKey(value: JsonValue): value is string {
  return typeof value === 'string' && IDEMPOTENCY_KEY_PATTERN.test(value);
}

function withoutControls(body: JsonObject, sourceField: string): JsonObject {
  const payload: JsonObject = {};
  for (const key of Object.keys(body)) {
    if (key === sourceField || key === 'schemaVersion' || key === 'simulateFailure') continue;
    payload[key] = body[key] as JsonValue;
  }
  return payload;
}

/**
 * Reads a schema version.
 *
 * @throws ProblemException ERR_BODY_INVALID
 */
function toSchemaVersion(value: JsonValue): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_SCHEMA_VERSION) {
    return value;
  }
  throw invalid('/schemaVersion', `expected a whole number from 1 to ${MAX_SCHEMA_VERSION}`);
}

function toSimulation(value: JsonValue | undefined): { simulate?: SimulatedFailure } {
  if (value === undefined || value === false || value === 0 || value === null) return {};
  if (value === true || value === 'all') return { simulate: value };
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1000) {
    return { simulate: value };
  }
  throw invalid('/simulateFailure', 'expected true, a number of attempts from 1 to 1000, or "all"');
}

function invalid(pointer: string, detail: string): ProblemException {
  return new ProblemException('ERR_BODY_INVALID', `${pointer.slice(1)}: ${detail}.`, {
    errors: [{ pointer, detail }],
  });
}
