import { isDeepStrictEqual } from 'node:util';
import {
  type ForcedActivation,
  type ForeignMapping,
  type Mapping,
  type MappingTrial,
  mappingSchema,
  type StoredMapping,
} from '@sluice/contracts/mapping';
import type { Source } from '@sluice/contracts/source';
import { type MappingDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { toStorable } from './storable.ts';
import { isDuplicateKey } from './store-error.ts';
import { type InTransaction, untilCommitted } from './transaction.ts';

/** Why a revision was not activated: there is none of that number, or the file owns what would be replaced or made active. */
export type ActivationRefused = 'missing' | 'file';

/** Why a revision was not retired: as for an activation, or it is a draft and was never active. */
export type RetirementRefused = ActivationRefused | 'draft';

/** Who makes a revision active, and why although no trial speaks for it. */
type Activation = { readonly by?: string; readonly forced?: ForcedActivation };

/** A revision as it is kept, whether this build understands it or not. */
export type KeptMapping = StoredMapping | ForeignMapping;

/** Which revisions are active, and the content of those that the reader did not know. */
export type ActiveMappings = {
  /** Their keys (`toMappingKey`), and whose they are: those of a source that nobody ever declared are left out. */
  readonly active: readonly { readonly key: string; readonly tenant: string }[];
  readonly fresh: readonly StoredMapping[];
  /** Those of `active` that were not known and are written in a form that this build does not understand. */
  readonly unreadable: readonly string[];
};

/** The mappings of sources, and their history. A source has one active revision at most. */
export type Mappings = {
  /**
   * Lists the revisions of a source, the newest first, from below `before` on.
   *
   * @throws DependencyAwayError
   */
  list(
    source: string,
    page: { readonly before?: number | undefined; readonly limit: number },
  ): Promise<KeptMapping[]>;
  /**
   * Returns one revision; without a number the active one. Null when there is none.
   *
   * @throws DependencyAwayError
   */
  get(source: string, revision?: number): Promise<KeptMapping | null>;
  /**
   * Returns the numbers of the active revisions of these sources.
   *
   * @throws DependencyAwayError
   */
  findActive(sources: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Adds a draft that the api owns, with the next number; `by` names who sent it.
   *
   * @throws DependencyAwayError when MongoDB is away; it may have been added
   */
  createDraft(source: string, mapping: Mapping, options?: { readonly by?: string }): Promise<StoredMapping>;
  /**
   * Makes a revision of the api the active one, for whom `by` names; the one before is retired in the same moment.
   * With `overFile` it may replace one of the file, which no longer declares the source.
   *
   * @throws DependencyAwayError when MongoDB is away; it may have been activated
   */
  activate(
    source: string,
    revision: number,
    options?: Activation & { readonly overFile?: boolean },
  ): Promise<KeptMapping | ActivationRefused>;
  /**
   * Retires the active revision without another taking its place: the source has none then. One that is retired already
   * stays as it is. With `overFile` it may be one of the file, which no longer declares the source.
   *
   * @throws DependencyAwayError when MongoDB is away; it may have been retired
   */
  retire(
    source: string,
    revision: number,
    options?: { readonly overFile?: boolean },
  ): Promise<KeptMapping | RetirementRefused>;
  /**
   * Keeps what came of a trial with its revision; the last one counts.
   *
   * @throws DependencyAwayError
   */
  recordTrial(source: string, revision: number, trial: MappingTrial): Promise<void>;
  /**
   * Makes the mappings that the file declares the active ones: one that is active already stays, one that the file had
   * before is activated again, any other becomes a new revision. Where the file declares a source without a mapping,
   * its own earlier one is retired. Any number of processes may apply the same file at once.
   *
   * @throws DependencyAwayError when MongoDB is away; any part may be applied
   */
  applyFile(sources: readonly Source[]): Promise<void>;
  /**
   * Tells which revisions are active, with the content of those whose key is not in `known`. A revision's content
   * never changes, so asking again costs the reading of a small index.
   *
   * @throws DependencyAwayError
   */
  readActive(known: ReadonlySet<string>): Promise<ActiveMappings>;
};

/** Names a revision. */
export function toMappingKey(source: string, revision: number): string {
  return `${source}:${revision}`;
}

/** Attempts where other processes write the same; each failed one means that another succeeded. */
const MAX_ATTEMPTS = 50;

/** Finds the active revisions with the tenants of their sources, which a source keeps when it is deleted. */
const TO_ACTIVE = [
  { $match: { state: 'active' } },
  // From the key (`toMappingKey`), so that the index alone answers: the documents hold whole mappings.
  { $project: { source: { $first: { $split: ['$_id', ':'] } } } },
  { $lookup: { from: 'sources', localField: 'source', foreignField: '_id', as: 'owners' } },
  { $unwind: '$owners' },
  { $project: { _id: 0, key: '$_id', tenant: '$owners.tenant' } },
];

/** Earlier revisions of the file that are compared with what it declares now. */
const FILE_HISTORY = 50;

/** Creates the store of mappings; `timeoutMs` is the connection's operation timeout by default. */
export function createMappings(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Mappings {
  const collection = toCollection(connection, 'mappings');
  const reading = { maxTimeMS: timeoutMs, readConcern: { level: 'majority' } } as const;

  async function list(
    source: string,
    {
      before = Number.POSITIVE_INFINITY,
      limit,
    }: { readonly before?: number | undefined; readonly limit: number },
  ): Promise<KeptMapping[]> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .find({ source, revision: { $lt: before } }, { signal, ...reading, sort: { revision: -1 }, limit })
        .toArray(),
    );
    return found.map(toKept);
  }

  async function get(source: string, revision?: number): Promise<KeptMapping | null> {
    const filter =
      revision === undefined
        ? ({ source, state: 'active' } as const)
        : { _id: toMappingKey(source, revision) };
    const found = await within(timeoutMs, (signal) => collection.findOne(filter, { signal, ...reading }));
    return found && toKept(found);
  }

  async function findActive(sources: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .find(
          { source: { $in: [...sources] }, state: 'active' },
          { signal, ...reading, projection: { source: 1, revision: 1 } },
        )
        .toArray(),
    );
    return new Map(found.map(({ source, revision }) => [source, revision]));
  }

  /** By its number alone: nobody may be kept from a new draft by a last one that this build cannot read. */
  async function findNextRevision(source: string): Promise<number> {
    const last = await within(timeoutMs, (signal) =>
      collection.findOne(
        { source },
        { signal, ...reading, sort: { revision: -1 }, projection: { revision: 1 } },
      ),
    );
    return (last?.revision ?? 0) + 1;
  }

  async function createDraft(
    source: string,
    mapping: Mapping,
    { by }: { readonly by?: string } = {},
  ): Promise<StoredMapping> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const revision = await findNextRevision(source);
      const draft = {
        source,
        revision,
        state: 'draft',
        owner: 'api',
        mapping,
        createdAt: new Date(),
        ...(by === undefined ? {} : { createdBy: by }),
      } as const;
      try {
        await within(timeoutMs, (signal) =>
          collection.insertOne(
            { _id: toMappingKey(source, revision), ...draft, mapping: toStorable(mapping) },
            toWriteOptions(signal),
          ),
        );
        return draft;
      } catch (error) {
        // Another draft took the number.
        if (!isDuplicateKey(error)) throw error;
      }
    }
    throw new Error(`No number was free for a draft of ${source} in ${MAX_ATTEMPTS} attempts.`);
  }

  async function activate(
    source: string,
    revision: number,
    { overFile = false, ...activation }: Activation & { readonly overFile?: boolean } = {},
  ): Promise<KeptMapping | ActivationRefused> {
    const done = await inTransaction<ActivationRefused | 'active'>(async (options) => {
      const target = await collection.findOne({ _id: toMappingKey(source, revision) }, options);
      const active = await collection.findOne({ source, state: 'active' }, options);
      if (target === null) return 'missing';
      if (target.owner === 'file' || (active?.owner === 'file' && !overFile)) return 'file';
      if (target.state !== 'active') await switchTo(target, active, options, activation);
      return 'active';
    });
    return done === 'active' ? ((await get(source, revision)) ?? 'missing') : done;
  }

  async function switchTo(
    target: MappingDocument,
    active: MappingDocument | null,
    options: InTransaction,
    { by, forced }: Activation = {},
  ): Promise<void> {
    if (active !== null) await markRetired(active, options, target.revision);
    await collection.updateOne(
      { _id: target._id },
      {
        $set: {
          ...{ state: 'active', activatedAt: new Date() },
          ...(by === undefined ? {} : { activatedBy: by }),
          ...(forced === undefined ? {} : { forced }),
        },
        $unset: {
          retiredAt: true,
          ...(by === undefined ? { activatedBy: true } : {}),
          ...(forced === undefined ? { forced: true } : {}),
        },
      },
      options,
    );
  }

  async function retire(
    source: string,
    revision: number,
    { overFile = false }: { readonly overFile?: boolean } = {},
  ): Promise<KeptMapping | RetirementRefused> {
    const done = await inTransaction<RetirementRefused | 'retired'>(async (options) => {
      const target = await collection.findOne({ _id: toMappingKey(source, revision) }, options);
      if (target === null) return 'missing';
      if (target.state === 'draft') return 'draft';
      if (target.state === 'active' && target.owner === 'file' && !overFile) return 'file';
      if (target.state === 'active') await markRetired(target, options);
      return 'retired';
    });
    return done === 'retired' ? ((await get(source, revision)) ?? 'missing') : done;
  }

  async function markRetired(
    { _id }: MappingDocument,
    options: InTransaction,
    replacedBy?: number,
  ): Promise<void> {
    const retired = { state: 'retired', retiredAt: new Date() } as const;
    const change =
      replacedBy === undefined
        ? { $set: retired, $unset: { replacedBy: true as const } }
        : { $set: { ...retired, replacedBy } };
    await collection.updateOne({ _id }, change, options);
  }

  async function recordTrial(source: string, revision: number, trial: MappingTrial): Promise<void> {
    await within(timeoutMs, (signal) =>
      collection.updateOne(
        { _id: toMappingKey(source, revision) },
        { $set: { trial } },
        toWriteOptions(signal),
      ),
    );
  }

  async function applyFile(sources: readonly Source[]): Promise<void> {
    for (const { id, mapping } of sources) {
      await inTransaction(async (options) => {
        const active = await collection.findOne({ source: id, state: 'active' }, options);
        if (mapping !== undefined) await applyDeclared(id, mapping, active, options);
        else if (active?.owner === 'file') await markRetired(active, options);
        return 'applied';
      });
    }
  }

  async function applyDeclared(
    source: string,
    mapping: Mapping,
    active: MappingDocument | null,
    options: InTransaction,
  ): Promise<void> {
    if (active?.owner === 'file' && isSame(active.mapping, mapping)) return;
    const newest = { ...options, sort: { revision: -1 } } as const;
    const earlier = await collection
      .find({ source, owner: 'file' }, { ...newest, limit: FILE_HISTORY })
      .toArray();
    const known = earlier.find((document) => isSame(document.mapping, mapping));
    if (known !== undefined) return switchTo(known, active, options);
    const last = await collection.findOne({ source }, newest);
    const revision = (last?.revision ?? 0) + 1;
    if (active !== null) await markRetired(active, options, revision);
    const now = new Date();
    await collection.insertOne(
      {
        _id: toMappingKey(source, revision),
        ...{ source, revision, state: 'active', owner: 'file', mapping: toStorable(mapping) },
        ...{ createdAt: now, activatedAt: now },
      },
      options,
    );
  }

  async function inTransaction<Outcome extends string | object>(
    work: (options: InTransaction) => Promise<Outcome>,
  ): Promise<Outcome> {
    const outcome = await untilCommitted(connection, { timeoutMs, attempts: MAX_ATTEMPTS }, work);
    if (outcome !== null) return outcome;
    throw new Error(
      `Mappings were neither read nor changed in ${MAX_ATTEMPTS} attempts: others keep changing them.`,
    );
  }

  async function readActive(known: ReadonlySet<string>): Promise<ActiveMappings> {
    // Of one moment: else a source could seem to have none while another revision of it is activated. A transaction needs
    // nothing of the past to be kept, other than a read at `snapshot`.
    const active = await inTransaction((options) =>
      collection.aggregate<ActiveMappings['active'][number]>(TO_ACTIVE, options).toArray(),
    );
    const unknown = active.flatMap(({ key }) => (known.has(key) ? [] : [key]));
    if (unknown.length === 0) return { active, fresh: [], unreadable: [] };
    const filter = { _id: { $in: unknown } };
    const documents = await within(timeoutMs, (signal) =>
      collection.find(filter, { signal, ...reading }).toArray(),
    );
    const kept = documents.map(toKept);
    return {
      active,
      fresh: kept.filter((revision) => revision.mapping !== null),
      unreadable: kept
        .filter(({ mapping }) => mapping === null)
        .map(({ source, revision }) => toMappingKey(source, revision)),
    };
  }

  return { list, get, findActive, createDraft, activate, retire, recordTrial, applyFile, readActive };
}

/** Compares a stored mapping, as it is now understood, with a declared one. */
function isSame(stored: unknown, declared: Mapping): boolean {
  return isDeepStrictEqual(mappingSchema.safeParse(stored).data, declared);
}

/** Reads a stored revision with the defaults of today. */
function toKept({ _id, mapping: stored, replacedBy: _by, ...rest }: MappingDocument): KeptMapping {
  const { data: mapping } = mappingSchema.safeParse(stored);
  return mapping === undefined ? { ...rest, mapping: null, stored } : { ...rest, mapping };
}
