import { ProblemException } from '@sluice/contracts/errors';
import type { PushSource } from '@sluice/contracts/source';
import { createRateLimit, type RateLimit } from '@sluice/sources/rate-limit';
import { createScheme } from '@sluice/sources/schemes/registry';
import type { Scheme } from '@sluice/sources/schemes/scheme';
import type { SourceSecrets } from '@sluice/sources/secrets';
import type { SourceBody } from '@sluice/sources/source-sealer';

/** What ingest needs to know of a declared source. */
export type KnownSource = Pick<PushSource, 'id' | 'tenant' | 'type' | 'schemaVersion' | 'bodies'> & {
  readonly scheme: Scheme;
  /** Whether its scheme checks anything. */
  readonly isSigned: boolean;
  /** Whether its scheme vouches for the headers too: whoever sends the secret itself may say all of them. */
  readonly vouchesForHeaders: boolean;
  /** Undefined when they cannot be read here, so that nobody can say whether a request is signed with one. */
  readonly secrets: SourceSecrets | undefined;
  /** Of this process alone; undefined when it may send as fast as it likes. */
  readonly rateLimit: RateLimit | undefined;
  readonly ceSource: string | undefined;
  /** The header, in lower case, in which it sends a credential, whatever that is called. */
  readonly credentialHeader: string | undefined;
  /** The one in which it sends a signature. */
  readonly signatureHeader: string | undefined;
};

/** The declared sources that send to us, in memory. What a tenant declares says nothing of the events of another. */
export type SourceTable = {
  /** Returns the source of that id that a tenant (null: any) declares; undefined when it declares none. */
  find(id: string, tenant: string | null): KnownSource | undefined;
  /**
   * Returns the source of a tenant (null: of any) that declares to send CloudEvents of this `source`, the first of
   * several; undefined when none does.
   */
  findByCeSource(ceSource: string, tenant: string | null): KnownSource | undefined;
  /**
   * Tells whether the keys of a tenant's source (null: of any) are given by somebody else: whom a signature vouches
   * for, or whom we poll.
   */
  hasForeignKeys(id: string, tenant: string | null): boolean;
  /**
   * Tells whether a source of a tenant (null: of any) that is not found may be declared all the same: nothing was read
   * yet of those that the api made, or that one is stored in a form that this build does not know.
   */
  mayExist(id: string, tenant: string | null): boolean;
  /** Tells the same of the source that declares a `ceSource`. */
  mayClaim(ceSource: string, tenant: string | null): boolean;
  /** Tells whether all that is declared was read once, so that what is not found is of no other key, type or tenant. */
  isComplete(): boolean;
};

/** The declared sources, and what is to be hidden of requests. */
export type SourceRegistry = SourceTable & {
  /** The headers, in lower case, in which some source sends a credential or ever did, whatever they are called. */
  readonly credentialHeaders: ReadonlySet<string>;
  /** Those in which some source sends a signature, or did since this process started. */
  readonly signatureHeaders: ReadonlySet<string>;
};

/** A source that we poll; its tenant is null where that is not known. */
export type PolledSource = { readonly id: string; readonly tenant: string | null };

/** A source whose form this build does not know; its tenant and `ceSource` are null where they are not seen. */
export type UnreadableSource = PolledSource & { readonly ceSource: string | null };

/** What a source is made known with: how a variable is read, and the time in epoch ms. */
export type SourceEnvironment = {
  readonly readEnv: (name: string) => string | undefined;
  readonly now: () => number;
};

/** Schemes that sign nothing. */
const HEADER_SCHEMES: ReadonlySet<PushSource['scheme']['type']> = new Set(['none', 'basic', 'api-key']);

/** A source that sends to us, with or without its secrets. */
type PushBody = Omit<SourceBody & { readonly kind: 'push' }, 'secrets'>;

/** Makes a source that sends to us known: its scheme is built once. */
export function toKnownSource(
  source: PushBody,
  secrets: SourceSecrets | undefined,
  now: () => number,
): KnownSource {
  const { id, tenant, scheme, type, schemaVersion, bodies, rateLimit, ceSource } = source;
  return {
    ...{ id, tenant, type, schemaVersion, bodies, ceSource, secrets },
    scheme: createScheme(scheme),
    isSigned: scheme.type !== 'none',
    vouchesForHeaders: HEADER_SCHEMES.has(scheme.type),
    rateLimit: rateLimit === undefined ? undefined : createRateLimit({ ...rateLimit, now }),
    credentialHeader: scheme.type === 'api-key' ? scheme.header : undefined,
    signatureHeader: scheme.type === 'hmac' ? scheme.header : undefined,
  };
}

/** What a table is made from: the sources that send to us, and others. */
export type SourceTableParts = {
  /** Of several of a tenant that declare the same `ceSource` the first one gets its events. */
  readonly known: readonly KnownSource[];
  readonly polled: readonly PolledSource[];
  /** Declared, but in a form that this build does not know. */
  readonly unreadable: readonly UnreadableSource[];
  /** Whether all that is declared is among them. */
  readonly isComplete: boolean;
};

/** Creates the table of declared sources. */
export function createSourceTable(parts: SourceTableParts): SourceTable {
  const { known, polled, unreadable, isComplete } = parts;
  const byId = new Map(known.map((source) => [source.id, source]));
  const byCeSource = Map.groupBy(known, ({ ceSource }) => ceSource);
  const foreign = new Map(
    [...polled, ...known.filter(({ isSigned }) => isSigned)].map((one) => [one.id, one]),
  );
  return {
    find(id, tenant) {
      const found = byId.get(id);
      return found !== undefined && isOf(found, tenant) ? found : undefined;
    },
    findByCeSource: (ceSource, tenant) => byCeSource.get(ceSource)?.find((source) => isOf(source, tenant)),
    hasForeignKeys(id, tenant) {
      const found = foreign.get(id);
      return found !== undefined && isOf(found, tenant);
    },
    mayExist: (id, tenant) => !isComplete || unreadable.some((one) => one.id === id && isOf(one, tenant)),
    mayClaim: (ceSource, tenant) =>
      !isComplete || unreadable.some((one) => one.ceSource === ceSource && isOf(one, tenant)),
    isComplete: () => isComplete,
  };
}

/** Null stands for any tenant, on either side. */
function isOf(source: PolledSource, tenant: string | null): boolean {
  return tenant === null || source.tenant === null || source.tenant === tenant;
}

/** Says that nobody may be told here whether a source exists: those that are declared were not read, or it cannot be. */
export function toUnsure(sources: Pick<SourceTable, 'isComplete'>): ProblemException {
  return sources.isComplete() ? new ProblemException('ERR_SOURCE_UNREADABLE') : toNotKnownYet();
}

/** Says that a source, or its secrets, cannot be looked up here now: nobody may be told that it does not exist. */
export function toNotKnownYet(): ProblemException {
  return new ProblemException('ERR_UNAVAILABLE', 'The source cannot be looked up now.');
}
