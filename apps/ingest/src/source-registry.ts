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

/** The declared sources that send to us, in memory. */
export type SourceRegistry = {
  /** Returns the source of that id; undefined when none is declared. */
  find(id: string): KnownSource | undefined;
  /**
   * Returns the source of a tenant (null: of any) that declares to send CloudEvents of this `source`, the first of
   * several; undefined when none does.
   */
  findByCeSource(ceSource: string, tenant: string | null): KnownSource | undefined;
  /** Tells whether a source's keys are given by somebody else: whom a signature vouches for, or whom we poll. */
  hasForeignKeys(id: string): boolean;
  /**
   * Tells whether a source that is not found may be declared all the same: nothing was read yet of those that the api
   * made, or that one is written in a form that this build does not know.
   */
  mayExist(id: string): boolean;
  /** The headers, in lower case, in which some source sends a credential, whatever they are called. */
  readonly credentialHeaders: ReadonlySet<string>;
  /** Those in which some source sends a signature. */
  readonly signatureHeaders: ReadonlySet<string>;
};

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

/** What a table is made from: the sources that send to us, and the ids of others. */
export type SourceTableParts = {
  /** Of several of a tenant that declare the same `ceSource` the first one gets its events. */
  readonly known: readonly KnownSource[];
  readonly polled: readonly string[];
  /** Declared, but in a form that this build does not know. */
  readonly unreadable: readonly string[];
  /** Whether all that is declared is among them. */
  readonly isComplete: boolean;
};

/** Creates the table of declared sources. */
export function createSourceTable(parts: SourceTableParts): SourceRegistry {
  const { known, polled, isComplete } = parts;
  const byId = new Map(known.map((source) => [source.id, source]));
  const byCeSource = Map.groupBy(known, ({ ceSource }) => ceSource);
  const unreadable = new Set(parts.unreadable);
  const signed = known.filter(({ isSigned }) => isSigned).map(({ id }) => id);
  const foreign = new Set([...polled, ...unreadable, ...signed]);
  return {
    find: (id) => byId.get(id),
    findByCeSource: (ceSource, tenant) =>
      byCeSource.get(ceSource)?.find((source) => tenant === null || source.tenant === tenant),
    hasForeignKeys: (id) => foreign.has(id),
    mayExist: (id) => !isComplete || unreadable.has(id),
    credentialHeaders: toNames(known.map(({ credentialHeader }) => credentialHeader)),
    signatureHeaders: toNames(known.map(({ signatureHeader }) => signatureHeader)),
  };
}

/** Says that a source, or its secrets, cannot be looked up here now: nobody may be told that it does not exist. */
export function toNotKnownYet(): ProblemException {
  return new ProblemException('ERR_UNAVAILABLE', 'The source cannot be looked up now.');
}

function toNames(headers: readonly (string | undefined)[]): ReadonlySet<string> {
  return new Set(headers.filter((header) => header !== undefined));
}
