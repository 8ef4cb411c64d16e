import type { CollectionName } from './collections.ts';
import { createAccessSchemas } from './schemas/access-schemas.ts';
import { createBackupSchemas } from './schemas/backup-schemas.ts';
import { createEventSchemas } from './schemas/event-schemas.ts';
import type { Schemas } from './schemas/fields.ts';
import { createIntakeSchemas } from './schemas/intake-schemas.ts';
import { createOperationSchemas } from './schemas/operation-schemas.ts';
import { createRollupSchemas } from './schemas/rollup-schemas.ts';
import { createSourceSchemas } from './schemas/source-schemas.ts';

/** Builds the schema of each collection, with its indexes. */
export function createSchemas(): Schemas<CollectionName> {
  return {
    ...createEventSchemas(),
    ...createRollupSchemas(),
    ...createIntakeSchemas(),
    ...createSourceSchemas(),
    ...createOperationSchemas(),
    ...createAccessSchemas(),
    ...createBackupSchemas(),
  };
}
