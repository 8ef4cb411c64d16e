import type { EventDetail } from '@sluice/contracts/api';
import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { plural } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import { type Difference, diffPayloads } from './diff-payloads.ts';
import styles from './duplicate.module.css';

/** So many differences are listed. */
const MAX_LISTED = 50;

type Raw = NonNullable<EventDetail['raw']>;

/** Explains which event this one repeats, how that was found, and in what the two differ nevertheless. */
export function Duplicate({ detail }: { readonly detail: EventDetail }) {
  const { raw } = detail;
  const twinId = raw?.duplicateOf ?? raw?.conflictOf ?? null;
  if (raw === null || twinId === null) return null;
  return <Twin raw={raw} level={raw.duplicateOf === null ? 'key' : raw.duplicateLevel} twinId={twinId} />;
}

function Twin({
  raw,
  level,
  twinId,
}: {
  readonly raw: Raw;
  readonly level: 'raw' | 'normalized' | 'key' | null;
  readonly twinId: string;
}) {
  const { data: twin, error } = useQuery({
    queryKey: ['event', twinId],
    queryFn: ({ signal }) => read<EventDetail>(`/api/events/${twinId}`, {}, signal),
  });
  const link = (
    <Link to="/events/$id" params={{ id: twinId }}>
      <code>{twinId}</code>
    </Link>
  );
  if (error instanceof Failure && error.status === 404) {
    return <p className={styles['text']}>It repeats {link}, which is not stored any more.</p>;
  }
  if (error instanceof Failure) return <Failed what="The twin could not be loaded" failure={error} />;
  if (twin === undefined) return <Loading rows={2} label="Loading the twin" />;
  const other = twin.raw;
  if (other === null) return <p className={styles['text']}>It repeats {link}, which is still on its way.</p>;
  const differences = diffPayloads(raw.payload, other.payload);
  return (
    <>
      <p className={styles['text']} data-level={level}>
        {level === 'raw' && (
          <>
            Equal as canonical JSON to {link}, {toApart(raw, other)}; it came under another idempotency key
            and was not processed.
          </>
        )}
        {level === 'key' && (
          <>
            Same idempotency key <code>{raw.idempotencyKey}</code> as {link}, but the payload{' '}
            <strong>differs</strong> in {plural(differences.length, 'value')}: the sender used a key twice.
          </>
        )}
        {level === 'normalized' && (
          <>
            The payload differs from that of {link} in {plural(differences.length, 'value')},{' '}
            {toApart(raw, other)}; what makes two records the same is equal.
          </>
        )}
      </p>
      {level === 'normalized' && <HashedFields source={raw.source} twin={twin} />}
      {differences.length > 0 && <Differences differences={differences} />}
      <p className={styles['facts']}>
        This one received <Time at={raw.receivedAt} withDate />, the other{' '}
        <Time at={other.receivedAt} withDate />.
      </p>
    </>
  );
}

function toApart(raw: Raw, other: Raw): string {
  const ms = Date.parse(raw.receivedAt) - Date.parse(other.receivedAt);
  return `received ${formatDuration(Math.abs(ms))} ${ms >= 0 ? 'earlier' : 'later'}`;
}

function Differences({ differences }: { readonly differences: readonly Difference[] }) {
  return (
    <PlainTable label="Values that differ" wraps>
      <thead>
        <tr>
          <th scope="col">Place</th>
          <th scope="col">This event</th>
          <th scope="col">Its twin</th>
        </tr>
      </thead>
      <tbody>
        {differences.slice(0, MAX_LISTED).map(({ pointer, left, right }) => (
          <tr key={pointer}>
            <th scope="row">
              <code>{pointer === '' ? 'the whole payload' : pointer}</code>
            </th>
            <td>{left === undefined ? <i>absent</i> : <code>{left}</code>}</td>
            <td>{right === undefined ? <i>absent</i> : <code>{right}</code>}</td>
          </tr>
        ))}
        {differences.length > MAX_LISTED && (
          <tr>
            <td colSpan={3}>and {plural(differences.length - MAX_LISTED, 'further value')}</td>
          </tr>
        )}
      </tbody>
    </PlainTable>
  );
}

/** Which fields are hashed is said by the mapping that made the twin's record. */
function HashedFields({ source, twin }: { readonly source: string; readonly twin: EventDetail }) {
  const record = twin.normalized;
  const revision = record?.mappingRevision ?? null;
  const { data } = useQuery({
    queryKey: ['mapping', source, revision],
    queryFn: ({ signal }) =>
      read<RevisionAnswer>(`/api/sources/${encodeURIComponent(source)}/mapping/${revision}`, {}, signal),
    enabled: revision !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (record === null) return null;
  const declared = readDedupe(data);
  const fields = declared ?? (revision === null ? Object.keys(record.lineage) : []);
  if (fields.length === 0) return null;
  return (
    <p className={styles['text']}>
      Hashed under {revision === null ? 'the built-in rules' : `revision ${revision}`}:{' '}
      {fields.map((field, index) => (
        <span key={field}>
          {index > 0 && ', '}
          <code>{field}</code>
        </span>
      ))}
      .
    </p>
  );
}

function readDedupe(answer: RevisionAnswer | undefined): readonly string[] | null {
  const dedupe = answer?.mapping['dedupe'];
  if (typeof dedupe !== 'object' || dedupe === null || Array.isArray(dedupe)) return null;
  const { fields } = dedupe as { readonly fields?: unknown };
  return Array.isArray(fields) ? fields.filter((field): field is string => typeof field === 'string') : null;
}
