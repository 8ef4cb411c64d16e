import type { KeyRecord } from '@sluice/contracts/access';
import type { KeyMirror } from '@sluice/queue/key-mirror';
import type { Logger } from '@sluice/runtime/logger';

/** Copies all keys to the mirror now and then, so that it is whole also after Redis lost it or missed something. */
export type Mirroring = { stop(): Promise<void> };

const EVERY_MS = 60_000;

/** Starts to copy, at once and then every minute. What fails is tried again a minute later. */
export function startMirroring({
  listKeys,
  mirror,
  logger,
  everyMs = EVERY_MS,
}: {
  readonly listKeys: () => Promise<readonly KeyRecord[]>;
  readonly mirror: Pick<KeyMirror, 'writeAll'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly everyMs?: number;
}): Mirroring {
  async function copy(): Promise<void> {
    try {
      await mirror.writeAll(await listKeys());
    } catch (err) {
      logger.warn({ err }, 'keys.not-mirrored');
    }
  }

  let copying = copy();
  const timer = setInterval(() => {
    copying = copying.then(copy);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await copying;
    },
  };
}
