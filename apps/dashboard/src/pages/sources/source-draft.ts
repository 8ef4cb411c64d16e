import type { JsonValue } from '@sluice/contracts/json';

/** What the form of a new source holds: texts as they were typed. */
export type SourceDraft = Readonly<
  Record<
    | 'id'
    | 'scheme'
    | 'header'
    | 'prefix'
    | 'secret'
    | 'perSecond'
    | 'bodies'
    | 'url'
    | 'allowPrivate'
    | 'schedule'
    | 'format'
    | 'recordsPath'
    | 'idPath'
    | 'cursor'
    | 'param'
    | 'path'
    | 'auth'
    | 'username',
    string
  >
>;

/** The form as it is before anything was typed. */
export const EMPTY_DRAFT: SourceDraft = {
  ...{
    id: '',
    scheme: 'hmac',
    header: 'x-signature',
    prefix: 'sha256=',
    secret: '',
    perSecond: '',
    bodies: 'json',
  },
  ...{
    url: '',
    allowPrivate: 'no',
    schedule: '*/30 * * * * *',
    format: 'json',
    recordsPath: '',
    idPath: 'id',
  },
  ...{ cursor: 'timestamp', param: 'since', path: 'updated_at', auth: 'none', username: '' },
};

/** Schemes of signatures with what they are called; `none` signs nothing. */
export const SCHEMES = [
  ['hmac', 'HMAC in a header'],
  ['github', 'GitHub'],
  ['stripe', 'Stripe'],
  ['shopify', 'Shopify'],
  ['slack', 'Slack'],
  ['standard-webhooks', 'Standard Webhooks'],
  ['api-key', 'a key in a header'],
  ['basic', 'user and password (Basic)'],
  ['none', 'nothing; anybody may send'],
] as const;

/** Makes the request of a new source; what was left empty is left out, and the server says what is missing. */
export function toSourceBody(kind: 'push' | 'poll', draft: SourceDraft): JsonValue {
  return kind === 'push' ? toPush(draft) : toPoll(draft);
}

function toPush({ id, scheme, header, prefix, secret, perSecond, bodies }: SourceDraft): JsonValue {
  const needsHeader = scheme === 'hmac' || scheme === 'api-key';
  return {
    ...{ id: id.trim(), kind: 'push' },
    scheme: needsHeader
      ? { type: scheme, header: header.trim(), ...(scheme === 'hmac' ? { prefix } : {}) }
      : scheme,
    ...(scheme === 'none' || secret === '' ? {} : { secrets: [{ value: secret }] }),
    ...(bodies === 'json' ? {} : { bodies: bodies.split(' ') }),
    ...(perSecond.trim() === '' ? {} : { rateLimit: { perSecond: Number(perSecond) } }),
  };
}

function toPoll(draft: SourceDraft): JsonValue {
  const { id, url, allowPrivate, schedule, format, recordsPath, idPath, cursor, param, path } = draft;
  return {
    ...{
      id: id.trim(),
      kind: 'poll',
      url: url.trim(),
      schedule: schedule.trim(),
      format,
      idPath: idPath.trim(),
    },
    ...(allowPrivate === 'yes' ? { allowPrivate: true } : {}),
    ...(recordsPath.trim() === '' ? {} : { recordsPath: recordsPath.trim() }),
    cursor: {
      kind: cursor,
      ...(cursor === 'link' ? {} : { param: param.trim() }),
      ...(cursor === 'page' || (cursor === 'link' && path.trim() === '') ? {} : { path: path.trim() }),
    },
    ...toAuth(draft),
  };
}

function toAuth({ auth, header, username, secret }: SourceDraft): { readonly [name: string]: JsonValue } {
  if (auth === 'none') return {};
  const own = auth === 'header' ? { header: header.trim() } : auth === 'basic' ? { username } : {};
  return { auth: { type: auth, ...own, secret: { value: secret } } };
}
