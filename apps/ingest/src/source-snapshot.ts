import type { JsonValue } from '@sluice/contracts/json';
import { type StoredSource, storedSourceSchema } from '@sluice/contracts/source';
import type { SourceList } from '@sluice/store/sources-store';
import { z } from 'zod';
import type { PolledSource, UnreadableSource } from './source-registry.ts';

/** A source that sends to us, its secrets still sealed. */
export type StoredPush = Extract<StoredSource, { kind: 'push' }>;

/** What ingest needs of the stored sources, all as they were at one time. */
export type SourceSnapshot = {
  readonly push: readonly { readonly id: string; readonly revision: number; readonly source: StoredPush }[];
  /** Those that we poll. */
  readonly polled: readonly PolledSource[];
  /** Those that were written in a form that this build does not know. */
  readonly unreadable: readonly UnreadableSource[];
  /** The headers, in lower case, in which any source sends a credential or ever did. */
  readonly credentialHeaders: readonly string[];
};

const seenSchema = z
  .object({ tenant: z.string().nullable().catch(null), ceSource: z.string().nullable().catch(null) })
  .catch({ tenant: null, ceSource: null });

const contentSchema = z.object({
  push: z.array(z.object({ id: z.string(), revision: z.number(), source: z.unknown() })),
  polled: z.array(z.string()),
  unreadable: z.array(z.string()),
  // Absent in what older builds wrote.
  polledTenants: z.array(z.tuple([z.string(), z.string()])).default([]),
  unreadableParts: z.array(z.tuple([z.string(), seenSchema])).default([]),
  credentialHeaders: z.array(z.string()).default([]),
});

/** Takes from a list of sources what ingest needs. Addresses and names of those that we poll stay behind. */
export function toSnapshot({ sources, unreadable, credentialHeaders }: SourceList): SourceSnapshot {
  return {
    push: sources.flatMap(({ id, revision, source }) =>
      source.kind === 'push' ? [{ id, revision, source }] : [],
    ),
    polled: sources.flatMap(({ id, tenant, source }) => (source.kind === 'poll' ? [{ id, tenant }] : [])),
    unreadable,
    credentialHeaders,
  };
}

/** Writes a snapshot as JSON; no secret in it can be read. */
export function toContent({ push, polled, unreadable, credentialHeaders }: SourceSnapshot): JsonValue {
  const polledTenants = polled.flatMap(({ id, tenant }) => (tenant === null ? [] : [[id, tenant]]));
  const ids = polled.map(({ id }) => id);
  const unreadableParts = unreadable.map(({ id, ...seen }) => [id, seen]);
  const told = { unreadable: unreadable.map(({ id }) => id), unreadableParts };
  return JSON.parse(JSON.stringify({ push, polled: ids, polledTenants, ...told, credentialHeaders }));
}

/**
 * Reads a snapshot that perhaps another version of this program wrote: a source that it wrote in a form of its own is
 * unreadable, and does not hide the others.
 *
 * @throws ZodError when it is no snapshot at all
 */
export function parseContent(content: JsonValue): SourceSnapshot {
  const { push, polled, polledTenants, credentialHeaders, ...rest } = contentSchema.parse(content);
  const tenants = new Map(polledTenants);
  const parts = new Map(rest.unreadableParts);
  const unreadable = rest.unreadable.map((id) => ({ id, ...(parts.get(id) ?? seenSchema.parse(null)) }));
  const read: SourceSnapshot['push'][number][] = [];
  for (const { id, revision, source } of push) {
    const parsed = storedSourceSchema.safeParse(source).data;
    if (parsed?.kind === 'push' && parsed.id === id) read.push({ id, revision, source: parsed });
    else unreadable.push({ id, ...seenSchema.parse(source) });
  }
  return {
    push: read,
    polled: polled.map((id) => ({ id, tenant: tenants.get(id) ?? null })),
    unreadable,
    credentialHeaders,
  };
}
