/** The states of a raw event. `pending` and `processing` are read from the queue; the others are stored. */
export const STATUSES = ['pending', 'processing', 'normalized', 'duplicate', 'failed', 'dead'] as const;

/** The states a stored raw event can have; `pending` is stored only for a parked event. */
export const STORED_STATUSES = ['pending', 'normalized', 'duplicate', 'failed', 'dead'] as const;
export type StoredStatus = (typeof STORED_STATUSES)[number];

/** Which stored status may follow which. Final ones have no way out but renormalization. */
export const STATUS_EDGES: Readonly<Record<StoredStatus, readonly StoredStatus[]>> = {
  pending: ['pending', 'normalized', 'duplicate', 'failed', 'dead'],
  failed: ['failed', 'normalized', 'duplicate', 'dead', 'pending'],
  dead: ['dead', 'normalized', 'duplicate', 'failed', 'pending'],
  normalized: [],
  duplicate: [],
};

/** Tells whether a raw event's stored status can still change. */
export function isFinal(status: StoredStatus): boolean {
  return STATUS_EDGES[status].length === 0;
}

/** Which level of deduplication found a duplicate: the same content, or the same normalized record. */
export type DuplicateLevel = 'raw' | 'normalized';
