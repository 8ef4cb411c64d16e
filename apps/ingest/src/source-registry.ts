import { ProblemException } from '@sluice/contracts/errors';
import type { PushSource } from '@sluice/contracts/source';
import { createRateLimit, type RateLimit } from '@sluice/sources/rate-limit';
import { createScheme } from '@sluice/sources/schemes/registry';
import type { Scheme } from '@sluice/sources/schemes/scheme';
import { resolveSecrets, type SourceSecrets } from '@sluice/sources/secrets';
import type { SourceBody } from '@sluice/sources/source-sealer';

/** What ingest needs to know of a declared source. */
export type KnownSource = Pick<PushSource, 'id' | 'tenant' | 'type' | 'schemaVersion' | 'bodies'> & {
  readonly scheme: Scheme;
  /** Whether its scheme checks anything. */
  readonly isSigned: boolean;
  readonly secrets: SourceSecrets;
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
  /** Returns the source that declares to send CloudEvents of this `source`; undefined when none does. */
  findByCeSource(ceSource: string): KnownSource | undefined;
  /** Tells whether a source's keys are given by somebody else: whom a signature vouches for, or whom we poll. */
  hasForeignKeys(id: string): boolean;
  /** Whether every declared source is known. Until MongoDB was asked, those that the api made are not. */
  readonly isComplete: boolean;
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

/**
 * Makes a source that sends to us known: its scheme is built and its secrets are read once.
 *
 * @throws SecretMissingError when a variable that shall hold a secret is unset
 */
export function toKnownSource(
  source: SourceBody & { readonly kind: 'push' },
  environment: SourceEnvironment,
): KnownSource {
  const { id, tenant, scheme, type, schemaVersion, bodies, rateLimit, ceSource } = source;
  return {
    ...{ id, tenant, type, schemaVersion, bodies, ceSource },
    scheme: createScheme(scheme),
    isSigned: scheme.type !== 'none',
    secrets: resolveSecrets(source, environment),
    rateLimit: rateLimit === undefined ? undefined : createRateLimit({ ...rateLimit, now: environment.now }),
    credentialHeader: scheme.type === 'api-key' ? scheme.header : undefined,
    signatureHeader: scheme.type === 'hmac' ? scheme.header : undefined,
  };
}

/** Creates the table of sources that send to us and the ids of those that we poll. */
export function createSourceTable(
  known: readonly KnownSource[],
  polled: readonly string[],
  isComplete: boolean,
): SourceRegistry {
  const byId = new Map(known.map((source) => [source.id, source]));
  const byCeSource = new Map(known.map((source) => [source.ceSource, source]));
  const foreign = new Set([...polled, ...known.filter(({ isSigned }) => isSigned).map(({ id }) => id)]);
  return {
    find: (id) => byId.get(id),
    findByCeSource: (ceSource) => byCeSource.get(ceSource),
    hasForeignKeys: (id) => foreign.has(id),
    isComplete,
    credentialHeaders: toNames(known.map(({ credentialHeader }) => credentialHeader)),
    signatureHeaders: toNames(known.map(({ signatureHeader }) => signatureHeader)),
  };
}

/** Says that a source cannot be looked up yet: nobody may be told that it does not exist. */
export function toNotKnownYet(): ProblemException {
  return new ProblemException('ERR_UNAVAILABLE', 'The declared sources cannot be looked up yet.');
}

function toNames(headers: readonly (string | undefined)[]): ReadonlySet<string> {
  return new Set(headers.filter((header) => header !== undefined));
}
