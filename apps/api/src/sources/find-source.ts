import { ProblemException } from '@sluice/contracts/errors';
import type { SourceRecord, SourceStore } from '@sluice/store/sources-store';

/**
 * Finds an active source of the tenant.
 *
 * @throws ProblemException ERR_NOT_FOUND
 */
export async function findSource(
  sources: Pick<SourceStore, 'get'>,
  tenant: string,
  id: string,
): Promise<SourceRecord> {
  const record = await findDeclared(sources, tenant, id);
  if (record === null) throw new ProblemException('ERR_NOT_FOUND', `There is no source ${id}.`);
  return record;
}

/** Finds an active source of the tenant; null for one that is not declared, or another tenant's. */
export async function findDeclared(
  sources: Pick<SourceStore, 'get'>,
  tenant: string,
  id: string,
): Promise<SourceRecord | null> {
  const record = await sources.get(id);
  return record?.active === true && record.tenant === tenant ? record : null;
}
