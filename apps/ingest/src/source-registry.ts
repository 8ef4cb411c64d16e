import type { PushSource, Source } from '@sluice/contracts/source';
import { resolveSecrets, type SourceSecrets } from '@sluice/sources/secrets';

/** What ingest needs to know of a declared source. */
export type KnownSource = Pick<PushSource, 'id' | 'tenant' | 'scheme' | 'type' | 'schemaVersion'> & {
  readonly secrets: SourceSecrets;
};

/** The declared sources that send to us, in memory. */
export type SourceRegistry = {
  /** Returns the source of that id; undefined when none is declared. */
  find(id: string): KnownSource | undefined;
  /** Tells whether a source's keys are given by somebody else: whom a signature vouches for, or whom we poll. */
  hasForeignKeys(id: string): boolean;
};

/**
 * Creates the table of the declared sources.
 *
 * @throws SecretMissingError when a variable that shall hold a secret is unset
 */
export function createSourceRegistry(
  sources: readonly Source[],
  environment: { readonly readEnv: (name: string) => string | undefined; readonly now: () => number },
): SourceRegistry {
  const known = new Map<string, KnownSource>();
  for (const source of sources) {
    if (source.kind !== 'push') continue;
    const { id, tenant, scheme, type, schemaVersion } = source;
    known.set(id, { id, tenant, scheme, type, schemaVersion, secrets: resolveSecrets(source, environment) });
  }
  const foreign = new Set(sources.filter(isForeign).map(({ id }) => id));
  return { find: (id) => known.get(id), hasForeignKeys: (id) => foreign.has(id) };
}

function isForeign(source: Source): boolean {
  return source.kind === 'poll' || source.scheme !== 'none';
}
