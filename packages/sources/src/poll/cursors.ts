import type { PollSource } from '@sluice/contracts/source';
import { createTimestampCursor } from './cursor.ts';
import type { Cursor, CursorSource } from './cursor-kind.ts';
import { createIdCursor } from './id-cursor.ts';
import { createLinkCursor } from './link-cursor.ts';
import { createPageCursor } from './page-cursor.ts';

/** Creates the cursor of a source, by the kind that it declares. */
export function createCursor(source: CursorSource & Pick<PollSource, 'cursor'>): Cursor {
  const { cursor } = source;
  switch (cursor.kind) {
    case 'timestamp':
      return createTimestampCursor(source, cursor);
    case 'id':
      return createIdCursor(source, cursor);
    case 'page':
      return createPageCursor(source, cursor);
    case 'link':
      return createLinkCursor(source, cursor);
  }
}
