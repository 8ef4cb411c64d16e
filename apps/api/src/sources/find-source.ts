import { ProblemException } from '@sluice/contracts/errors';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { SourceRecord, SourceStore } from '@sluice/store/sources-store';

/**
 * Finds an active source of the tenant.
 *
 * @throws ProblemException ERR_NOT_FOUND
 */
export async function findSource(sources: Pick<SourceStore, 'get'>, id: string): Promise<SourceRecord> {
  const record = await sources.get(id);
  if (record === null || !record.active || record.tenant !== DEFAULT_TENANT) {
    throw new ProblemException('ERR_NOT_FOUND', `There is no source ${id}.`);
  }
  return record;
}
