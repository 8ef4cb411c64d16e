import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import { createNormalizer } from '@sluice/normalizer/normalize';
import { readPayload } from '@sluice/normalizer/read-payload';
import { RefusedPayloadError, UnknownVersionError } from '@sluice/protocol/failure';

/**
 * Creates the function that turns an accepted event into its record, with the schema versions that this worker
 * knows. The version is looked at first: what cannot be known need not be parsed.
 *
 * @throws UnknownVersionError, RefusedPayloadError, ProblemException (from the created function)
 */
export function createEventNormalizer(
  supportedVersions: readonly number[],
): (event: AcceptedEvent) => NormalizedRecord {
  const normalizer = createNormalizer({ supportedVersions });
  return (event) => {
    if (!normalizer.isSupported(event.schemaVersion)) throw new UnknownVersionError(event.schemaVersion);
    const result = normalizer.normalize({
      tenant: event.tenant,
      source: event.source,
      contentHash: event.contentHash,
      payload: readPayload(event),
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
