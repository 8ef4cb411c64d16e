/** A header of an answer, as the description has it. */
type Header = { readonly description: string; readonly required: boolean; readonly schema: object };

type Answer = { readonly description?: string; headers?: Record<string, Header> };

const REQUEST_ID: Header = {
  description: 'The id of the request; a problem tells it as `instance`, and the log has it.',
  required: true,
  schema: { type: 'string', pattern: '^req_' },
};

const RETRY_AFTER: Header = {
  description: 'Seconds to wait before the request is sent again.',
  required: true,
  schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
};

const WWW_AUTHENTICATE: Header = {
  description: 'How to say who calls.',
  required: false,
  schema: { type: 'string' },
};

const ETAG: Header = {
  description: 'The revision of the source, for `If-Match`.',
  required: true,
  schema: { type: 'string', pattern: '^"[0-9]+"$' },
};

const SET_COOKIE: Header = {
  description: 'The session; there is none where nobody is asked (`AUTH=off`).',
  required: false,
  schema: { type: 'string' },
};

const EVENT = toLocation('The event; a batch has none.', '^/api/events/evt_[0-9a-f]{32}$', false);
const REPLAY = toLocation('The replay.', '^/api/replays/op_[0-9a-f]{24}$');
const DISCARD = toLocation('The discard.', '^/api/discards/op_[0-9a-f]{24}$');

/** What answers carry beside what all of them do, by operation and status. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, Header>>>> = {
  'sendEvent 202': { location: EVENT },
  'sendWebhook 202': { location: EVENT },
  'sendVitalData 202': { location: { ...EVENT, required: true } },
  'createReplay 202': { location: REPLAY },
  'replayEvent 202': { location: REPLAY },
  'createDiscard 202': { location: DISCARD },
  'discardEvent 202': { location: DISCARD },
  'createSource 201': { location: toLocation('The source.', '^/api/sources/'), etag: ETAG },
  'getSource 200': { etag: ETAG },
  'replaceSource 200': { etag: ETAG },
  'createMappingDraft 201': { location: toLocation('The draft.', '^/api/sources/.+/mapping/[1-9][0-9]*$') },
  'signIn 200': { 'set-cookie': SET_COOKIE },
  'signOut 204': { 'set-cookie': SET_COOKIE },
};

/** Documents the headers of an operation's answers. */
export function addHeaders(operationId: string, responses: Readonly<Record<string, Answer>>): void {
  for (const [status, answer] of Object.entries(responses)) {
    const { description = '' } = answer;
    answer.headers = {
      'x-request-id': REQUEST_ID,
      ...(/`ERR_(UNAVAILABLE|RATE_LIMITED|SIGN_IN_LIMITED)`/.test(description)
        ? { 'retry-after': RETRY_AFTER }
        : {}),
      ...(description.includes('`ERR_UNAUTHENTICATED`') ? { 'www-authenticate': WWW_AUTHENTICATE } : {}),
      ...HEADERS[`${operationId} ${status}`],
    };
  }
}

function toLocation(description: string, pattern: string, required = true): Header {
  return { description, required, schema: { type: 'string', pattern } };
}
