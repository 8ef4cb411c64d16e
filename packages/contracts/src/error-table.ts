/**
 * The one table of error codes. `docs/errors.md` is generated from it. A code is never reused for another
 * meaning; `status` is the HTTP status of a problem, absent where the code only ever stands on an event.
 * `retry` tells a sender whether sending the same bytes again can help.
 */
export type ErrorEntry = {
  readonly title: string;
  readonly status?: number;
  readonly retry: boolean;
  readonly mend: string;
};

/** Every code, what it means, and what to do about it. */
export const ERROR_TABLE = {
  ERR_BODY_EMPTY: {
    title: 'The request has no body.',
    status: 400,
    retry: false,
    mend: 'Send what is expected as the request body; where nothing is, leave out `Content-Type`.',
  },
  ERR_BODY_INVALID: {
    title: 'The body does not have the expected shape.',
    status: 400,
    retry: false,
    mend: 'Mend the fields that `errors` points at.',
  },
  ERR_BODY_TOO_LARGE: {
    title: 'The body is larger than the limit.',
    status: 413,
    retry: false,
    mend: 'Send at most 1 MiB an event (10 MiB and 50,000 events a batch), or send a reference instead of the content.',
  },
  ERR_BATCH_REJECTED: {
    title: 'No event of the batch was accepted.',
    status: 400,
    retry: false,
    mend: 'See `results` for what is wrong with each event.',
  },
  ERR_JSON_INVALID: {
    title: 'The body is not valid JSON.',
    status: 400,
    retry: false,
    mend: 'Send one JSON value in UTF-8; `detail` names the place where parsing stopped.',
  },
  ERR_JSON_TOO_DEEP: {
    title: 'The JSON is nested too deeply.',
    status: 400,
    retry: false,
    mend: 'Nest at most 64 levels.',
  },
  ERR_UNSAFE_KEY: {
    title: 'An object key is not allowed.',
    status: 400,
    retry: false,
    mend: 'Rename keys that begin with `$`, hold NUL, are `__proto__`, or are `constructor` holding a `prototype`.',
  },
  ERR_UNICODE_INVALID: {
    title: 'The text is not valid Unicode.',
    status: 400,
    retry: false,
    mend: 'Send UTF-8, with surrogates only in pairs.',
  },
  ERR_MEDIA_TYPE: {
    title: 'The media type is not accepted here.',
    status: 415,
    retry: false,
    mend: 'Send `Content-Type: application/json`, or a type that the source allows.',
  },
  ERR_CONTENT_ENCODING: {
    title: 'Compressed bodies are not accepted.',
    status: 415,
    retry: false,
    mend: 'Send the body without `Content-Encoding`.',
  },
  ERR_QUERY_INVALID: {
    title: 'A query parameter is unknown or malformed.',
    status: 400,
    retry: false,
    mend: 'Mend the parameters that `errors` points at.',
  },
  ERR_HEADER_INVALID: {
    title: 'A header is malformed.',
    status: 400,
    retry: false,
    mend: 'Mend the header that `detail` names.',
  },
  ERR_HEADERS_TOO_LARGE: {
    title: 'The headers are larger than the limit.',
    status: 431,
    retry: false,
    mend: 'Send at most 16 KiB of headers.',
  },
  ERR_REQUEST_MALFORMED: {
    title: 'The request is not well-formed HTTP, or its address is not.',
    status: 400,
    retry: false,
    mend: 'Check the request line, the headers and the percent-encoding of the address.',
  },
  ERR_SOURCE_INVALID: {
    title: 'The source is missing or its name is not allowed.',
    status: 400,
    retry: false,
    mend: 'Name the source in `source` (or `client`, `client_id`, `id`) with 1 to 64 of A-Z a-z 0-9 _ . -',
  },
  ERR_SOURCE_UNKNOWN: {
    title: 'The source is not declared.',
    status: 403,
    retry: false,
    mend: 'Declare the source, or allow undeclared ones with UNKNOWN_SOURCES=accept.',
  },
  ERR_SOURCE_EXISTS: {
    title: 'There is a source of this name already.',
    status: 409,
    retry: false,
    mend: 'Choose another name, or change the source with PUT.',
  },
  ERR_SOURCE_OWNED_BY_FILE: {
    title: 'The source is declared in the sources file and cannot be changed here.',
    status: 409,
    retry: false,
    mend: 'Change it in the sources file and start the scheduler again; pausing, resuming and polling work here.',
  },
  ERR_SOURCE_CHANGED: {
    title: 'The source was changed in the meantime.',
    status: 412,
    retry: false,
    mend: 'Read it again and repeat the change with the new `ETag` as `If-Match`.',
  },
  ERR_SOURCE_NOT_POLLED: {
    title: 'The source sends to us; it is not polled.',
    status: 409,
    retry: false,
    mend: 'Only sources of kind `poll` can be polled, paused and resumed.',
  },
  ERR_SOURCE_PAUSED: {
    title: 'Polling this source is paused.',
    status: 409,
    retry: false,
    mend: 'Resume it first; its schedule then polls it again by itself.',
  },
  ERR_SECRETS_KEY_MISSING: {
    title: 'A secret cannot be stored, because there is no key to encrypt it with.',
    status: 409,
    retry: false,
    mend: 'Set SECRETS_KEY for every process, or name a variable that holds the secret (`env`).',
  },
  ERR_MAPPING_OWNED_BY_FILE: {
    title: 'The mapping is declared in the sources file and cannot be changed here.',
    status: 409,
    retry: false,
    mend: 'Change it in the sources file, or remove it there; drafts can be tried by POST /api/mappings/dry-run.',
  },
  ERR_MAPPING_NOT_TRIED: {
    title: 'No clean trial speaks for this revision.',
    status: 409,
    retry: false,
    mend: 'Run a trial and look at its failures, or activate it with `force` and a `reason`.',
  },
  ERR_MAPPING_NOT_ACTIVE: {
    title: 'This revision is a draft and was never active.',
    status: 409,
    retry: false,
    mend: 'Only the active revision can be retired: the list of revisions names it.',
  },
  ERR_SIGNATURE_INVALID: {
    title: 'The request is not signed as this source signs.',
    status: 401,
    retry: false,
    mend: 'Check the name of the source, the secret, and that the raw bytes are signed.',
  },
  ERR_UNAUTHENTICATED: {
    title: 'No valid API key was given.',
    status: 401,
    retry: false,
    mend: 'Send `Authorization: Bearer <key>`.',
  },
  ERR_FORBIDDEN: {
    title: 'This key may not do that.',
    status: 403,
    retry: false,
    mend: 'Ask an admin for a key with the role that `detail` names.',
  },
  ERR_ORIGIN_FOREIGN: {
    title: 'A page of another origin, or a request to a name of another host, may not do that.',
    status: 403,
    retry: false,
    mend: 'Sign in on the page that is used, or send a key as `Authorization: Bearer <key>`. With `AUTH=off` ask for an address or for localhost, as in `http://127.0.0.1:3001`.',
  },
  ERR_SIGN_IN_LIMITED: {
    title: 'Too many sign-ins failed from this address.',
    status: 429,
    retry: true,
    mend: 'Wait for `Retry-After` seconds, then sign in with a key that is in force.',
  },
  ERR_KEY_LAST_ADMIN: {
    title: 'This is the last admin key: without it nobody could make another.',
    status: 409,
    retry: false,
    mend: 'Make another admin key first.',
  },
  ERR_RATE_LIMITED: {
    title: 'The source sends faster than it may.',
    status: 429,
    retry: true,
    mend: 'Wait for `Retry-After` seconds, then send again.',
  },
  ERR_SIMULATION_OFF: {
    title: 'Simulated failures are switched off.',
    status: 400,
    retry: false,
    mend: 'Start Sluice with FAILURE_SIMULATION=on, or leave `simulateFailure` out.',
  },
  ERR_NOT_FOUND: {
    title: 'There is nothing here.',
    status: 404,
    retry: false,
    mend: 'Check the address: ingest takes events, everything else is at the api, whose /docs lists every route.',
  },
  ERR_METHOD_NOT_ALLOWED: {
    title: 'This method is not allowed here.',
    status: 405,
    retry: false,
    mend: 'Use a method that `Allow` names.',
  },
  ERR_NOT_ACCEPTABLE: {
    title: 'The answer has a media type that the request does not accept.',
    status: 406,
    retry: false,
    mend: 'Send `Accept: text/event-stream`, or no `Accept`.',
  },
  ERR_UPGRADE_REQUIRED: {
    title: 'This address speaks WebSocket only.',
    status: 426,
    retry: false,
    mend: 'Open a WebSocket here, or use `/stream`, which sends the same as server-sent events.',
  },
  ERR_REQUEST_TIMEOUT: {
    title: 'The request did not arrive in time.',
    status: 408,
    retry: true,
    mend: 'Send the whole request within 10 s (7 s for a batch).',
  },
  ERR_UNAVAILABLE: {
    title: 'A store that is needed for the answer is away.',
    status: 503,
    retry: true,
    mend: 'Wait for `Retry-After` seconds, then send again; a repeat is recognised.',
  },
  ERR_SOURCE_UNREADABLE: {
    title: 'The source is declared in a form that this process cannot read.',
    status: 503,
    retry: true,
    mend: 'Run ingest in the version that declared the source, or declare it anew; `sluice doctor` names it. Nothing was taken: send again then.',
  },
  ERR_INTERNAL: {
    title: 'Something went wrong here.',
    status: 500,
    retry: true,
    mend: 'Send again; report the request id in `instance` if it goes on.',
  },
  ERR_KEY_REUSED: {
    title: 'The idempotency key was used before for another body.',
    retry: false,
    mend: 'Use a new key for a new event. Both bodies are kept: replay this one if it is an event of its own, else discard it.',
  },
  ERR_VERSION_UNKNOWN: {
    title: 'No worker and no mapping knows the schema version.',
    retry: true,
    mend: 'Deploy a worker or a mapping that knows the version, then replay.',
  },
  ERR_PAYLOAD_UNPARSABLE: {
    title: 'The stored bytes cannot be parsed.',
    retry: false,
    mend: 'Ask the sender for the event in the format that the source declares.',
  },
  ERR_FIELD_REQUIRED: {
    title: 'A required field is missing.',
    retry: false,
    mend: 'Add a path to the mapping, give the field a default, or make it optional; then replay.',
  },
  ERR_FIELD_UNREADABLE: {
    title: 'A field cannot be converted to its declared type.',
    retry: false,
    mend: 'Correct the mapping, or ask the sender to correct the value; then replay.',
  },
  ERR_UPCAST_FAILED: {
    title: 'The payload cannot be brought to a newer schema version.',
    retry: false,
    mend: 'Mend the upcast, deploy, then replay.',
  },
  ERR_ADAPTER_FAILED: {
    title: 'The code adapter of the source cannot make a record of the payload.',
    retry: false,
    mend: 'Mend the adapter, deploy, then replay.',
  },
  ERR_EVENT_NOT_DEAD: {
    title: 'The event is not dead.',
    status: 409,
    retry: false,
    mend: 'Only dead events can be replayed or discarded: a failed one is tried again by itself, the others are done or on their way.',
  },
  ERR_REPLAY_RUNNING: {
    title: 'Another replay has these events in hand.',
    status: 409,
    retry: true,
    mend: 'Wait for the replay that `detail` names, or cancel it; or narrow the filter so that the two cannot meet.',
  },
  ERR_OPERATION_STATE: {
    title: 'The operation is in a state that does not allow this.',
    status: 409,
    retry: false,
    mend: 'Read the operation: what is done, cancelled or failed cannot be changed any more.',
  },
  ERR_SYNC_RUNNING: {
    title: 'Another full sync is not over yet.',
    status: 409,
    retry: true,
    mend: 'Wait for it, or cancel it: `GET /api/sync/full` shows it.',
  },
  ERR_SYNC_OFF: {
    title: 'There is no backup: no replicator has told of one.',
    status: 409,
    retry: false,
    mend: 'Set BACKUP_MONGODB_URI and start the replicator; docs/runbook-backup.md shows how.',
  },
  ERR_JOB_STATE: {
    title: 'The job is in a state that does not allow this.',
    status: 409,
    retry: false,
    mend: 'Look at the job again: a failed one can be retried, a delayed one promoted.',
  },
  ERR_SIMULATED: {
    title: 'A failure was simulated on request.',
    retry: true,
    mend: 'Nothing is wrong: the sender asked for it with `simulateFailure`.',
  },
  ERR_STALLED: {
    title: 'Workers died several times while they held this event.',
    retry: true,
    mend: 'Look for what the payload does to the worker before replaying it.',
  },
  ERR_RECORD_TOO_LARGE: {
    title: 'The record would be larger than MongoDB can hold (16 MiB).',
    retry: false,
    mend: 'A payload of very many small values becomes several times as large as a record. Send it in parts, or map the fields that are needed with `keepUnknown: false`, then replay.',
  },
  ERR_UNEXPECTED: {
    title: 'Processing failed for an unforeseen reason.',
    retry: true,
    mend: 'See the message of the last attempt; replay once the cause is gone.',
  },
} as const satisfies Record<string, ErrorEntry>;
