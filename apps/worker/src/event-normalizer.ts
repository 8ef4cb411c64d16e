import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import { ADAPTERS } from '@sluice/normalizer/adapters';
import { createNormalizer } from '@sluice/normalizer/normalize';
import { readWholePayload } from '@sluice/normalizer/read-payload';
import { RefusedPayloadError, UnknownVersionError } from '@sluice/protocol/failure';
import type { MappingTable } from './mapping-table.ts';

/**
 * Creates the function that turns an accepted event into its record, with the schema versions that this worker
 * knows and the active mappings. The version is looked at first: what cannot be known need not be parsed.
 *
 * @throws UnknownVersionError, RefusedPayloadError, ProblemException, DependencyAwayError (from the created function)
 */
export function createEventNormalizer({
  supportedVersions,
  mappings,
}: {
  readonly supportedVersions: readonly number[];
  readonly mappings: Pick<MappingTable, 'find'>;
}): (event: AcceptedEvent) => NormalizedRecord {
  const normalizer = createNormalizer({
    adapters: ADAPTERS,
    supportedVersions,
    findMapping: (tenant, source) => {
      const rules = mappings.find(tenant, source);
      return rules === 'unusable' ? undefined : rules;
    },
  });
  return (event) => {
    if (mappings.find(event.tenant, event.source) === 'unusable') {
      // Parked like an unknown version: a newer worker understands the mapping.
      const reason = `This worker cannot read the active mapping of ${event.source}, which a newer build wrote: deploy that one, or activate another revision.`;
      throw new UnknownVersionError(event.schemaVersion, reason);
    }
    if (!normalizer.knows(event)) throw new UnknownVersionError(event.schemaVersion);
    const result = normalizer.normalize({
      tenant: event.tenant,
      source: event.source,
      contentHash: event.contentHash,
      ...readWholePayload(event),
      ...(event.type === undefined ? {} : { type: event.type }),
      schemaVersion: event.schemaVersion,
      receivedAt: event.receivedAt,
    });
    switch (result.kind) {
      case 'record':
        return result.record;
      case 'refused':
        throw new RefusedPayloadError(result.code, result.message);
      case 'unknown-version':
        throw new UnknownVersionError(result.version);
    }
  };
}
