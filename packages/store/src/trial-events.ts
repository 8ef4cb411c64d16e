import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { STORED_STATUSES } from '@sluice/contracts/status';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';

/** A stored raw event, and the record that was made of it; null when none was. */
export type TrialEvent = {
  readonly raw: Pick<
    RawEventDocument,
    | '_id'
    | 'tenant'
    | 'source'
    | 'body'
    | 'form'
    | 'contentType'
    | 'contentHash'
    | 'schemaVersion'
    | 'receivedAt'
    | 'normalizedHash'
  >;
  readonly record: Pick<NormalizedEventDocument, 'type' | 'subject' | 'timestamp' | 'data'> | null;
};

/** What mappings are tried on. */
export type TrialEvents = {
  /**
   * Reads the newest stored events of a source, at most `count` of them and about `maxBytes` of bodies. `isWhole` tells
   * whether that is all there are.
   *
   * @throws DependencyAwayError
   */
  readNewest(
    tenant: string,
    source: string,
    limits: { readonly count: number; readonly maxBytes: number },
  ): Promise<{ readonly events: readonly TrialEvent[]; readonly isWhole: boolean }>;
  /**
   * Tells whether any event of a source is stored.
   *
   * @throws DependencyAwayError
   */
  hasAny(tenant: string, source: string): Promise<boolean>;
};

const RAW = {
  ...{
    tenant: 1,
    source: 1,
    body: 1,
    form: 1,
    contentType: 1,
    contentHash: 1,
    schemaVersion: 1,
    receivedAt: 1,
  },
  normalizedHash: 1,
} as const;
const RECORD = { type: 1, subject: 1, timestamp: 1, data: 1 } as const;

/** Named because the index of sources has the status before the time. */
const ANY_STATUS = { $in: [...STORED_STATUSES] };

/** Documents in one answer of MongoDB, so that not many large ones are read in vain. */
const READ_AT_ONCE = 50;

/** Creates the reader; `timeoutMs` is the connection's operation timeout by default. */
export function createTrialEvents(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): TrialEvents {
  const rawEvents = toCollection(connection, 'raw_events');
  const normalizedEvents = toCollection(connection, 'normalized_events');

  async function readNewest(
    tenant: string,
    source: string,
    { count, maxBytes }: { readonly count: number; readonly maxBytes: number },
  ): ReturnType<TrialEvents['readNewest']> {
    return within(timeoutMs, async (signal) => {
      const options = { signal, maxTimeMS: timeoutMs };
      const cursor = rawEvents
        .find({ tenant, source, status: ANY_STATUS }, { ...options, promoteBuffers: true, projection: RAW })
        .sort({ receivedAt: -1, _id: -1 })
        .batchSize(READ_AT_ONCE);
      const found: RawEventDocument[] = [];
      let bytes = 0;
      let isWhole = true;
      for await (const raw of cursor) {
        isWhole = found.length < count && bytes < maxBytes;
        if (!isWhole) break;
        found.push(raw);
        bytes += raw.body.byteLength;
      }
      const records = await normalizedEvents
        .find({ _id: { $in: found.map(({ _id }) => _id) }, tenant }, { ...options, projection: RECORD })
        .toArray();
      const byId = new Map(records.map((record) => [record._id, record]));
      return { events: found.map((raw) => ({ raw, record: byId.get(raw._id) ?? null })), isWhole };
    });
  }

  async function hasAny(tenant: string, source: string): Promise<boolean> {
    const found = await within(timeoutMs, (signal) =>
      rawEvents.findOne({ tenant, source }, { signal, maxTimeMS: timeoutMs, projection: { _id: 1 } }),
    );
    return found !== null;
  }

  return { readNewest, hasAny };
}
