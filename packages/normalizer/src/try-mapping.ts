import type { JsonValue } from '@sluice/contracts/json';
import type { Mapping } from '@sluice/contracts/mapping';
import { toContentHash } from './content-hash.ts';
import { createMappedRules } from './mapped-rules.ts';
import { createNormalizer, KNOWN_SCHEMA_VERSIONS, type NormalizeResult } from './normalize.ts';
import type { UpcastRegistry } from './upcasts.ts';

/** The event that a mapping is tried on. */
export type TrialContext = {
  readonly tenant: string;
  readonly source: string;
  readonly schemaVersion: number;
  /** RFC 3339. */
  readonly receivedAt: string;
  /** Its content hash, when it was received; else one is made from the payload. */
  readonly contentHash?: string;
  /** The revision that is tried; its records carry none by default. */
  readonly revision?: number;
  /** The schema versions of the workers; all that the build knows by default. */
  readonly supportedVersions?: readonly number[];
  readonly upcasts?: UpcastRegistry;
};

/**
 * Tries a mapping on a payload, as a worker would use it: the record with lineage and warnings, or why there is
 * none. Writes nothing.
 *
 * @throws ProblemException ERR_BODY_INVALID when the mapping cannot be used (`createMappedRules`)
 */
export function tryMapping(mapping: Mapping, payload: JsonValue, context: TrialContext): NormalizeResult {
  const { tenant, source, schemaVersion, receivedAt, upcasts, revision = null } = context;
  const active = { revision, rules: createMappedRules(mapping) };
  const normalizer = createNormalizer({
    supportedVersions: context.supportedVersions ?? KNOWN_SCHEMA_VERSIONS,
    findMapping: () => active,
    ...(upcasts === undefined ? {} : { upcasts }),
  });
  const contentHash = context.contentHash ?? toTrialHash(source, payload);
  return normalizer.normalize({ tenant, source, schemaVersion, receivedAt, contentHash, payload });
}

/** Hashes the bytes: unlike canonical JSON these can be written of any payload, and nothing compares the hash. */
function toTrialHash(source: string, payload: JsonValue): string {
  const body = Buffer.from(JSON.stringify(payload));
  return toContentHash({ source, payload, exact: false, body });
}
