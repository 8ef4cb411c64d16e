import type { Mapping } from '@sluice/contracts/mapping';
import { ADAPTERS } from './adapters.ts';
import type { SourceAdapter } from './define-source.ts';
import { createMappedRules } from './mapped-rules.ts';
import { createNormalizer, KNOWN_SCHEMA_VERSIONS, type Normalizer } from './normalize.ts';
import type { UpcastRegistry } from './upcasts.ts';

/** Says that a record was not made by the mapping that is tried: code reads the payloads of its source. */
export const MAPPING_UNUSED = 'WARN_MAPPING_UNUSED';

/** What the workers are that a mapping is tried for. */
export type TrialWorkers = {
  /** The schema versions that they support; all that the build knows by default. */
  readonly supportedVersions?: readonly number[];
  /** Their code adapters; those of the build by default. */
  readonly adapters?: readonly SourceAdapter[];
  /** Those of the build by default. */
  readonly upcasts?: UpcastRegistry;
};

/**
 * Creates a normalizer that treats events as the workers would if this mapping were the active one of their source, or
 * none were (null). The code adapter of a source goes before its mapping here too: then a warning says that the mapping
 * is not what made the record.
 *
 * @throws ProblemException ERR_BODY_INVALID when the mapping cannot be used (`createMappedRules`)
 */
export function createTrialNormalizer(
  active: { readonly revision: number | null; readonly mapping: Mapping } | null,
  { supportedVersions = KNOWN_SCHEMA_VERSIONS, adapters = ADAPTERS, upcasts }: TrialWorkers = {},
): Pick<Normalizer, 'normalize'> {
  const rules = active && { revision: active.revision, rules: createMappedRules(active.mapping) };
  const normalizer = createNormalizer({
    ...{ supportedVersions, adapters, findMapping: () => rules ?? undefined },
    ...(upcasts === undefined ? {} : { upcasts }),
  });
  const readByCode = new Set(active === null ? [] : adapters.map(({ source }) => source));
  return {
    normalize(input) {
      const result = normalizer.normalize(input);
      if (result.kind !== 'record' || !readByCode.has(input.source)) return result;
      const detail = `the code adapter of ${input.source} reads its payloads; workers do not use the mapping`;
      const warnings = [...result.record.warnings, { code: MAPPING_UNUSED, detail }];
      return { kind: 'record', record: { ...result.record, warnings } };
    },
  };
}
