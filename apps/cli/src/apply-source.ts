import { isDeepStrictEqual } from 'node:util';
import { type Mapping, mappingSchema } from '@sluice/contracts/mapping';
import type { Source } from '@sluice/contracts/source';
import {
  MAX_SOURCE_LIMIT,
  mappingRevisionSchema,
  type RevisionAnswer,
  revisionListSchema,
  type SourceItem,
  sourceDetailSchema,
  sourceItemSchema,
} from '@sluice/contracts/sources-api';
import { type ApiClient, ApiError } from './api-client.ts';
import { EXIT } from './exit-codes.ts';

/** What applying a source changed, or would change. */
export type Applied = {
  readonly id: string;
  readonly source: 'created' | 'updated' | 'unchanged' | 'refused';
  readonly mapping: 'none' | 'activated' | 'unchanged' | 'refused';
  /** What to know of it, or why it was refused. */
  readonly note: string | null;
};

export type ApplyOptions = {
  readonly dryRun: boolean;
  /** Activates a mapping although events would fail, for this reason. */
  readonly force: string | undefined;
};

type Change = Pick<Applied, 'source' | 'note'>;

/** Makes a source what its declaration says; what the api refuses is told, and stops no other source. */
export async function applySource(api: ApiClient, declared: Source, options: ApplyOptions): Promise<Applied> {
  const { id } = declared;
  let change: Change = { source: 'refused', note: null };
  try {
    const current = await findActive(api, id);
    change = await applyBody(api, declared, current, options);
    const mapping = await applyMapping(api, declared, current, options);
    return { id, ...change, ...mapping, note: mapping.note ?? change.note };
  } catch (error) {
    const isAnswer =
      error instanceof ApiError && (error.exitCode === EXIT.conflict || error.exitCode === EXIT.usage);
    if (!isAnswer) throw error;
    const mapping = declared.mapping === undefined ? 'none' : 'refused';
    return { id, source: change.source, mapping, note: error.message };
  }
}

type Current = { readonly item: SourceItem; readonly etag: string | null };

async function findActive(api: ApiClient, id: string): Promise<Current | null> {
  try {
    const { value, headers } = await api.ask({ path: `/api/sources/${id}` }, sourceDetailSchema);
    return value.active ? { item: value, etag: headers.get('etag') } : null;
  } catch (error) {
    if (error instanceof ApiError && error.exitCode === EXIT.notFound) return null;
    throw error;
  }
}

async function applyBody(
  api: ApiClient,
  declared: Source,
  current: Current | null,
  { dryRun }: ApplyOptions,
): Promise<Change> {
  const { body, hasSecretValues } = toBody(declared);
  const headers = { 'content-type': 'application/json' };
  const sent = { headers, body: JSON.stringify(body) };
  if (current === null) {
    if (!dryRun) await api.ask({ method: 'POST', path: '/api/sources', ...sent }, sourceItemSchema);
    return { source: 'created', note: null };
  }
  if (!hasSecretValues && isDeepStrictEqual(current.item.source, body))
    return { source: 'unchanged', note: null };
  const ifMatch: Record<string, string> = current.etag === null ? {} : { 'if-match': current.etag };
  const request = {
    method: 'PUT',
    path: `/api/sources/${declared.id}`,
    ...sent,
    headers: { ...headers, ...ifMatch },
  } as const;
  if (!dryRun) await api.ask(request, sourceItemSchema);
  const note = hasSecretValues
    ? 'it holds secrets by value, which cannot be compared and are set anew'
    : null;
  return { source: 'updated', note };
}

/** As the api takes it: the tenant is that of the key, and the mapping goes a way of its own. */
function toBody({ tenant: _, mapping: __, ...source }: Source) {
  const ofPoll = source.kind === 'poll' && source.auth !== undefined ? [source.auth.secret] : [];
  const secrets = source.kind === 'push' ? source.secrets : ofPoll;
  const body: Record<string, unknown> = JSON.parse(JSON.stringify(source));
  return { body, hasSecretValues: secrets.some((secret) => 'value' in secret) };
}

async function applyMapping(
  api: ApiClient,
  { id, mapping }: Source,
  current: Current | null,
  { dryRun, force }: ApplyOptions,
): Promise<Pick<Applied, 'mapping' | 'note'>> {
  if (mapping === undefined) return { mapping: 'none', note: null };
  const path = `/api/sources/${id}/mapping`;
  const same = current === null ? undefined : await findRevision(api, path, mapping);
  if (same?.state === 'active') return { mapping: 'unchanged', note: null };
  if (dryRun) return { mapping: 'activated', note: null };
  const { revision } = same ?? (await post(api, path, mapping));
  const { trial } = await post(api, `${path}/${revision}/trial`, {});
  if (trial !== null && trial.failed > 0 && force === undefined) {
    const [first] = trial.failures;
    const why = first === undefined ? '' : `, first: ${first.message}`;
    const note = `revision ${revision} is a draft: ${trial.failed} of ${trial.tried} stored events would fail${why}; mend it, or give --force REASON`;
    return { mapping: 'refused', note };
  }
  await post(api, `${path}/${revision}/activate`, force === undefined ? {} : { force: true, reason: force });
  return { mapping: 'activated', note: `mapping revision ${revision}` };
}

/** Finds the newest revision that says the same, so that repeating an apply adds no further drafts. */
async function findRevision(
  api: ApiClient,
  path: string,
  mapping: Mapping,
): Promise<RevisionAnswer | undefined> {
  const { items } = (await api.ask({ path, query: { limit: `${MAX_SOURCE_LIMIT}` } }, revisionListSchema))
    .value;
  const isSame = (revision: RevisionAnswer): boolean => {
    const stored = mappingSchema.safeParse(revision.mapping);
    return stored.success && isDeepStrictEqual(stored.data, mapping);
  };
  const same = items.filter(isSame);
  return same.find(({ state }) => state === 'active') ?? same[0];
}

async function post(api: ApiClient, path: string, body: object): Promise<RevisionAnswer> {
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST', path, headers, body: JSON.stringify(body) } as const;
  return (await api.ask(request, mappingRevisionSchema)).value;
}
