import type { Source } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import type { SecretBox } from '@sluice/sources/secret-box';
import { resolveAllSecrets, resolveSecrets, type SourceSecrets } from '@sluice/sources/secrets';
import { openSource } from '@sluice/sources/source-sealer';
import {
  createSourceTable,
  type KnownSource,
  type SourceEnvironment,
  type SourceRegistry,
  toKnownSource,
} from './source-registry.ts';
import type { SourceSnapshot, StoredPush } from './source-snapshot.ts';

/** The declared sources as they are known now. */
export type KnownSources = {
  /** Always tells of the newest ones. */
  readonly sources: SourceRegistry;
  /** Takes what is stored now in place of what was. */
  apply(snapshot: SourceSnapshot): void;
};

/**
 * Creates the table of sources with those of the file. A source whose secrets cannot be read here stays known without
 * them: its webhooks have to come again, and it does not keep the others from sending.
 *
 * @throws SecretMissingError naming every variable that shall hold a secret of the file's sources and is unset or empty
 */
export function createKnownSources({
  declared,
  box,
  environment,
  logger,
}: {
  /** The sources of the file. */
  readonly declared: readonly Source[];
  readonly box: SecretBox;
  readonly environment: SourceEnvironment;
  readonly logger: Logger;
}): KnownSources {
  const { now } = environment;
  const pushing = declared.filter((source) => source.kind === 'push');
  const secretsOfFile = resolveAllSecrets(pushing, environment);
  const ofFile = pushing.map((source) => toKnownSource(source, secretsOfFile.get(source.id), now));
  const polledByFile = declared.filter(({ kind }) => kind === 'poll');
  const named = new Set(declared.map(({ id }) => id));
  let made = new Map<string, { readonly revision: number; readonly known: KnownSource }>();
  let table = createSourceTable({ known: ofFile, polled: polledByFile, unreadable: [], isComplete: false });
  // These only grow: whoever goes on sending to a source that is gone or changed sends what was its secret.
  const credentialHeaders = new Set<string>();
  const signatureHeaders = new Set<string>();
  noteHeaders(ofFile);

  function apply({ push, polled, unreadable, credentialHeaders: stored }: SourceSnapshot): void {
    // A source that the file no longer names, or not yet in this process, is told by the scheduler that applied it.
    const others = (id: string) => !named.has(id);
    const next: typeof made = new Map();
    for (const { id, revision, source } of push.filter((one) => others(one.id))) {
      const before = made.get(id);
      const known = before?.revision === revision ? before.known : toKnown(source);
      next.set(id, { revision, known });
    }
    for (const { id } of unreadable) logger.error({ source: id }, 'source.unreadable');
    made = next;
    noteHeaders([...made.values()].map(({ known }) => known));
    for (const header of stored) credentialHeaders.add(header);
    table = createSourceTable({
      known: [...ofFile, ...[...made.values()].map(({ known }) => known)],
      polled: [...polledByFile, ...polled.filter(({ id }) => others(id))],
      unreadable: unreadable.filter(({ id }) => others(id)),
      isComplete: true,
    });
  }

  function noteHeaders(sources: readonly KnownSource[]): void {
    for (const { credentialHeader, signatureHeader } of sources) {
      if (credentialHeader !== undefined) credentialHeaders.add(credentialHeader);
      if (signatureHeader !== undefined) signatureHeaders.add(signatureHeader);
    }
  }

  function toKnown(source: StoredPush): KnownSource {
    return toKnownSource(source, readSecrets(source), now);
  }

  function readSecrets(source: StoredPush): SourceSecrets | undefined {
    try {
      const opened = openSource(source, box);
      return opened.kind === 'push' ? resolveSecrets(opened, environment) : undefined;
    } catch (err) {
      logger.error({ err, source: source.id }, 'source.secrets-unreadable');
      return undefined;
    }
  }

  return {
    apply,
    sources: {
      find: (id, tenant) => table.find(id, tenant),
      findByCeSource: (ceSource, tenant) => table.findByCeSource(ceSource, tenant),
      hasForeignKeys: (id, tenant) => table.hasForeignKeys(id, tenant),
      mayExist: (id, tenant) => table.mayExist(id, tenant),
      mayClaim: (ceSource, tenant) => table.mayClaim(ceSource, tenant),
      isComplete: () => table.isComplete(),
      credentialHeaders,
      signatureHeaders,
    },
  };
}
