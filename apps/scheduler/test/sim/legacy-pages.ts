import type { PollSource } from '@sluice/contracts/source';
import type { LegacyTable, Row } from './legacy-data.ts';

/** One answer in order: what it holds, and where the next is. */
export type LegacyPage = { readonly body: string; readonly type: string; readonly next: string | undefined };

/** Answers a request of a source as it should be answered. */
export function toLegacyPage(source: PollSource, table: LegacyTable, url: URL): LegacyPage {
  const rows = sortRows(source, table).filter((row) => isAskedFor(source, row, url));
  const size = source.pageSize;
  const offset = toOffset(source, url, size);
  const found = rows.slice(offset, offset + size);
  const next = new URL(url);
  next.searchParams.set('offset', String(offset + found.length));
  const hasMore = source.cursor.kind === 'link' && offset + size < rows.length;
  return { ...write(source, found, hasMore ? next : undefined), next: hasMore ? next.href : undefined };
}

function sortRows(source: PollSource, { rows }: LegacyTable): Row[] {
  const all = [...rows.values()];
  // The sources whose name says so are sorted by what does not change; pages of them hold any times.
  if (source.cursor.kind === 'timestamp' && !source.id.includes('stable')) {
    return all.sort((left, right) => left.updatedMs - right.updatedMs || left.seq - right.seq);
  }
  if (source.cursor.kind === 'id' && !source.id.includes('shuffled')) return all.sort(byId);
  if (source.cursor.kind === 'id')
    return all.sort((left, right) => reverse(left).localeCompare(reverse(right)));
  return all;
}

function byId(left: Row, right: Row): number {
  return BigInt(left.id) < BigInt(right.id) ? -1 : 1;
}

function reverse({ id }: Row): string {
  return [...id].reverse().join('');
}

/** Writes a time as a source does, which compares what it wrote as texts; one has a zone of its own. */
function toTime({ id }: PollSource, atMs: number): string {
  if (id !== 'timed-stable') return new Date(atMs).toISOString();
  const local = new Date(atMs + 2 * 3_600_000).toISOString();
  return local.replace('T', ' ').replace('Z', '000+02:00');
}

function isAskedFor(source: PollSource, row: Row, { searchParams }: URL): boolean {
  const { cursor } = source;
  if (cursor.kind !== 'timestamp' && cursor.kind !== 'id') return true;
  const from = searchParams.get(cursor.param);
  if (from === null) return true;
  return cursor.kind === 'timestamp' ? toTime(source, row.updatedMs) >= from : BigInt(row.id) > BigInt(from);
}

function toOffset({ cursor, pageParam }: PollSource, { searchParams }: URL, size: number): number {
  if (cursor.kind === 'link') return Number(searchParams.get('offset') ?? 0);
  const name = cursor.kind === 'page' ? cursor.param : pageParam;
  return name === undefined ? 0 : (Number(searchParams.get(name) ?? 1) - 1) * size;
}

function write(source: PollSource, rows: readonly Row[], next: URL | undefined) {
  const objects = rows.map((row) => ({
    ...(row.isBad ? {} : { id: row.id }),
    updated_at: toTime(source, row.updatedMs),
    text: `row "${row.id}", ; \n é`,
  }));
  switch (source.format) {
    case 'json':
      return { type: 'application/json', body: JSON.stringify({ next: next?.href ?? null, data: objects }) };
    case 'ndjson':
      return {
        type: 'application/x-ndjson',
        body: objects.map((object) => `${JSON.stringify(object)}\n`).join(''),
      };
    case 'csv': {
      const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const lines = objects.map(({ id = '', updated_at, text }) =>
        id === '' ? `${updated_at};short\r\n` : `${id};${updated_at};${quote(text)}\r\n`,
      );
      return { type: 'text/csv', body: `\uFEFFid;updated_at;text\r\n${lines.join('')}` };
    }
  }
}
