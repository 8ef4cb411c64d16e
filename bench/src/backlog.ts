import type { Figures } from './case.ts';
import { runWriter } from './run-writer.ts';
import type { Mongo } from './stores.ts';

/** The collections of a backlog, which have half of its documents each. */
export const BACKLOG = ['backlog_raw', 'backlog_normalized'] as const;

/** Writes copies of what a Sluice has stored to a database: inserts them (`fill`), or puts them in place of others (`copy`). */
export async function writeBacklog(
  sourceUri: string,
  mongo: Mongo,
  documents: number,
  how: 'fill' | 'copy',
): Promise<Figures> {
  const args = [sourceUri, mongo.uri, `${documents}`, how];
  return (await runWriter('copy-process.ts', args, mongo)).figures;
}
