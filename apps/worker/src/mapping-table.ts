/**
 * The active mappings in the memory of a worker:
 *
 *  1. Until the first reading succeeds nothing is known, and looking one up says that MongoDB is away: the event is
 *     held, because without its mapping it would become another record.
 *  2. Every second the keys of the active revisions are read, and the content of those that are new, which is
 *     compiled once. A worker that has not yet seen a revision uses the one before.
 *  3. While MongoDB is away the last known table goes on.
 *  4. A mapping reads the events of its source's tenant alone: another one may use the same name undeclared.
 *  5. A revision that this build does not understand parks the events of its source for a worker that does.
 */
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { createMappedRules } from '@sluice/normalizer/mapped-rules';
import type { ActiveRules } from '@sluice/normalizer/normalize';
import type { Logger } from '@sluice/runtime/logger';
import { type ActiveMappings, toMappingKey } from '@sluice/store/mappings';

export type MappingTable = {
  /**
   * Returns what reads the payloads of a tenant's source; undefined when no mapping of it is active, `unusable` when
   * this build does not understand the one that is.
   *
   * @throws DependencyAwayError before the first reading
   */
  find(tenant: string, source: string): ActiveRules | 'unusable' | undefined;
  /** Resolves when it was tried to read them for the first time. */
  readonly firstTry: Promise<void>;
  stop(): void;
};

type Owned = { readonly tenant: string; readonly rules: ActiveRules | 'unusable' };

const READ_MS = 1000;

/** Creates the table and begins to read it. */
export function createMappingTable({
  readActive,
  logger,
}: {
  readonly readActive: (known: ReadonlySet<string>) => Promise<ActiveMappings>;
  readonly logger: Logger;
}): MappingTable {
  /** By key of the revision, so that what is known already is not compiled again. */
  let byKey = new Map<string, ActiveRules | 'unusable'>();
  /** A source has one tenant, so that its mapping stands here once, with whose it is. */
  let bySource: ReadonlyMap<string, Owned> | undefined;
  let isReading = false;
  let isStale = false;

  async function read(): Promise<void> {
    const { active, fresh, unreadable } = await readActive(new Set(byKey.keys()));
    const compiled = new Map<string, ActiveRules | 'unusable'>(unreadable.map((key) => [key, 'unusable']));
    for (const { source, revision, mapping } of fresh) {
      compiled.set(toMappingKey(source, revision), compile(source, revision, mapping));
    }
    const isKnown = ({ key, tenant }: ActiveMappings['active'][number]) =>
      byKey.has(key) && bySource?.get(toSource(key))?.tenant === tenant;
    if (bySource !== undefined && active.length === byKey.size && active.every(isKnown)) return;
    const owned = active.flatMap(({ key, tenant }) => {
      const rules = compiled.get(key) ?? byKey.get(key);
      return rules === undefined ? [] : [{ key, tenant, rules }];
    });
    byKey = new Map(owned.map(({ key, rules }) => [key, rules]));
    bySource = new Map(owned.map((one) => [toSource(one.key), one]));
    const unusable = [...byKey].filter(([, rules]) => rules === 'unusable').map(([key]) => key);
    const line = { active: byKey.size, ...(unusable.length === 0 ? {} : { unusable }) };
    if (unusable.length > 0) logger.error(line, 'mappings.unusable');
    else logger.info(line, 'mappings.read');
  }

  function compile(
    source: string,
    revision: number,
    mapping: ActiveMappings['fresh'][number]['mapping'],
  ): ActiveRules | 'unusable' {
    try {
      return { revision, rules: createMappedRules(mapping) };
    } catch (error) {
      logger.error({ err: error, source, revision }, 'mapping.refused');
      return 'unusable';
    }
  }

  async function refresh(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      await read();
      isStale = false;
    } catch (error) {
      if (!isStale) logger.warn({ err: error }, 'mappings.not-read');
      isStale = true;
    } finally {
      isReading = false;
    }
  }

  const timer = setInterval(() => void refresh(), READ_MS);
  const firstTry = refresh();
  return {
    firstTry,
    find(tenant, source) {
      if (bySource === undefined) throw new DependencyAwayError('mongodb', 'The mappings were not read yet.');
      const owned = bySource.get(source);
      return owned?.tenant === tenant ? owned.rules : undefined;
    },
    stop: () => clearInterval(timer),
  };
}

/** Returns the source of a revision's key. */
function toSource(key: string): string {
  return key.slice(0, key.lastIndexOf(':'));
}
