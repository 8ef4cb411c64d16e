import type { EventDetail, NormalizedItem, RawItem } from '@sluice/contracts/api';
import { ERRORS } from '@sluice/contracts/errors';
import { isErrorCode } from './api-client.ts';
import type { Paint, Style } from './paint.ts';
import { renderPairs, renderTable, toCell } from './table.ts';

const STATUS_STYLES: Readonly<Record<RawItem['status'], Style>> = {
  pending: 'dim',
  processing: 'dim',
  normalized: 'green',
  duplicate: 'dim',
  failed: 'yellow',
  dead: 'red',
};

/** Draws records as a table. */
export function renderRecords(items: readonly NormalizedItem[], paint: Paint): string {
  const columns = ['time', 'id', 'source', 'type', 'subject', 'data'].map((title) => ({ title }));
  const rows = items.map(({ id, timestamp, source, type, subject, data }) => [
    timestamp ?? '-',
    id,
    source,
    toCell(type, 24),
    toCell(subject ?? '-', 24),
    toCell(JSON.stringify(data)),
  ]);
  return renderTable(columns, rows, paint);
}

/** Draws raw events as a table. */
export function renderRawEvents(items: readonly RawItem[], paint: Paint): string {
  const columns = ['received', 'id', 'source', 'via', 'status', 'code', 'message'].map((title) => ({
    title,
  }));
  const rows = items.map(({ id, receivedAt, source, via, status, code, message, duplicateOf }) => [
    receivedAt,
    id,
    source,
    via,
    paintStatus(status, paint),
    code ?? '',
    toCell(message ?? (duplicateOf === null ? '' : `of ${duplicateOf}`)),
  ]);
  return renderTable(columns, rows, paint);
}

/** Writes a record as one line. */
export function toRecordLine(item: NormalizedItem, paint: Paint): string {
  const { id, timestamp, source, type, subject, data } = item;
  const what = subject === null ? type : `${type} ${subject}`;
  const time = paint('dim', timestamp ?? item.receivedAt);
  return `${time}  ${paint('bold', source)}  ${toCell(what)}  ${toCell(JSON.stringify(data), 160)}  ${paint('dim', id)}`;
}

/** Tells everything about one event. */
export function renderDetail(
  { id, status, raw, normalized, timeline, duplicate }: EventDetail,
  paint: Paint,
): string {
  const sections = [
    renderPairs([['id', id], ['status', paintStatus(status, paint)], ...toRawPairs(raw)], paint),
  ];
  if (duplicate !== null)
    sections.push(`${paint('bold', 'Duplicate')}\n${toCell(duplicate.explanation, 500)}`);
  if (raw !== null) sections.push(renderPayload(raw, paint));
  if (normalized !== null) sections.push(renderRecord(normalized, paint));
  const steps = timeline.map(
    ({ at, step, detail, worker }) =>
      `${paint('dim', at)}  ${step.padEnd(8)}  ${toCell(detail, 500)}${worker === undefined ? '' : paint('dim', `  ${worker}`)}`,
  );
  sections.push([paint('bold', 'Timeline'), ...steps].join('\n'));
  return sections.join('\n\n');
}

function renderPayload(
  { payload, payloadNote }: Pick<NonNullable<EventDetail['raw']>, 'payload' | 'payloadNote'>,
  paint: Paint,
): string {
  const title = paint('bold', 'Payload');
  if (payloadNote === null) return `${title}\n${toSafeText(JSON.stringify(payload, null, 2))}`;
  const note = paint('dim', toCell(payloadNote, 500));
  return typeof payload === 'string' ? `${title}\n${note}\n${toSafeText(payload)}` : `${title}\n${note}`;
}

function toRawPairs(raw: EventDetail['raw']): (readonly [string, string])[] {
  if (raw === null) return [];
  const { source, via, receivedAt, attempts, schemaVersion, idempotencyKey, keyOrigin, contentType } = raw;
  const pairs: [string, string][] = [
    ['source', `${source} (${via}, schema version ${schemaVersion})`],
    ['received', receivedAt],
    ['key', `${toCell(idempotencyKey, 300)} (${keyOrigin})`],
    ['body', `${raw.sizeBytes} bytes of ${toCell(contentType)}`],
    ['attempts', `${attempts}`],
  ];
  if (raw.code !== null) pairs.push(['code', raw.code], ['message', toCell(raw.message ?? '', 500)]);
  if (raw.code !== null && raw.status === 'dead' && isErrorCode(raw.code)) {
    pairs.push(['to do', ERRORS[raw.code].mend]);
  }
  if (raw.conflictOf !== null) pairs.push(['conflict of', raw.conflictOf]);
  if (raw.conflicts.length > 0) pairs.push(['conflicts', raw.conflicts.join(', ')]);
  return pairs;
}

function renderRecord(record: NormalizedItem, paint: Paint): string {
  const { type, subject, timestamp, data, lineage, warnings, mappingRevision } = record;
  const pairs: [string, string][] = [
    ['type', toCell(type)],
    ['subject', toCell(subject ?? '-')],
    ['timestamp', timestamp ?? '-'],
    ['mapping', mappingRevision === null ? 'built in' : `revision ${mappingRevision}`],
  ];
  return [
    `${paint('bold', 'Record')}\n${renderPairs(pairs, paint)}\n${toSafeText(JSON.stringify(data, null, 2))}`,
    renderLineage(lineage, paint),
    ...warnings.map(({ code, detail }) => `${paint('yellow', code)} ${toCell(detail, 300)}`),
  ].join('\n');
}

/** Draws where each field of a record came from. */
export function renderLineage(lineage: NormalizedItem['lineage'], paint: Paint): string {
  const columns = ['field', 'from', 'rule', 'conversion'].map((title) => ({ title }));
  const rows = Object.entries(lineage).map(([field, { from, rule, conversion }]) => [
    toCell(field, 40),
    toCell(from ?? '-', 60),
    toCell(rule),
    toCell(conversion ?? ''),
  ]);
  return renderTable(columns, rows, paint).trimEnd();
}

function paintStatus(status: RawItem['status'], paint: Paint): string {
  return paint(STATUS_STYLES[status], status);
}

/** Keeps line breaks, drops every other control character. */
function toSafeText(text: string): string {
  return text
    .split('\n')
    .map((line) => toCell(line, 2000))
    .join('\n');
}
