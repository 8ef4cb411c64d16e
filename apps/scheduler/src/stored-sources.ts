import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import type { SecretBox } from '@sluice/sources/secret-box';
import { openSource } from '@sluice/sources/source-sealer';
import type { SourceList, SourceStore } from '@sluice/store/sources-store';
import type { PollSourceStore } from './active-sources.ts';

/**
 * Reads the polled sources from the store, their secrets opened. One that cannot be read or opened is told in the
 * log, once, and does not keep the others from being polled.
 */
export function createStoredSources({
  store,
  box,
  logger,
}: {
  readonly store: Pick<SourceStore, 'list' | 'changedSince' | 'listPaused'>;
  readonly box: SecretBox;
  readonly logger: Logger;
}): PollSourceStore {
  let known: { readonly version: string; readonly polled: readonly PollSource[] } | undefined;

  function open({ sources, unreadable }: SourceList): readonly PollSource[] {
    for (const { id } of unreadable) logger.error({ source: id }, 'source.unreadable');
    return sources.flatMap(({ source }): PollSource[] => {
      if (source.kind !== 'poll') return [];
      try {
        const opened = openSource(source, box);
        return opened.kind === 'poll' ? [opened] : [];
      } catch (err) {
        logger.error({ err, source: source.id }, 'source.secrets-unreadable');
        return [];
      }
    });
  }

  return {
    async list() {
      const list = known === undefined ? await store.list() : await store.changedSince(known.version);
      if (list !== null) known = { version: list.version, polled: open(list) };
      return known?.polled ?? [];
    },
    listPaused: () => store.listPaused(),
  };
}
