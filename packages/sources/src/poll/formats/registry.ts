import type { PollSource } from '@sluice/contracts/source';
import { readCsv } from './csv.ts';
import type { ReadItems } from './item.ts';
import { readJson } from './json.ts';
import { readNdjson } from './ndjson.ts';

/** Every format of an answer, by the name that a source declares. */
export const FORMATS = { json: readJson, ndjson: readNdjson, csv: readCsv } as const satisfies Record<
  PollSource['format'],
  ReadItems
>;
