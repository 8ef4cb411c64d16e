import type { JsonValue } from '@sluice/contracts/json';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Failure, readText } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { formatBytes } from '../../ui/numbers.ts';
import { Failed, Loading } from '../../ui/states.tsx';
import styles from './payload.module.css';
import { hasOtherNumbers, toLines, toTextLines } from './text-lines.ts';
import { TextView } from './text-view.tsx';

const FIRST_BYTES = 64 * 1024;

/** Shows the first 64 KiB of a large body, and all of it when asked; only the lines in view are in the page. */
export function LargePayload({ id, sizeBytes }: { readonly id: string; readonly sizeBytes: number }) {
  const [isWhole, setWhole] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: ['event-body', id, isWhole],
    queryFn: ({ signal }) =>
      readText(`/api/events/${id}/body`, isWhole ? {} : { bytes: FIRST_BYTES }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const lines = useMemo(() => (data === undefined ? [] : toReadable(data)), [data]);
  return (
    <>
      <div className={styles['note']}>
        <span>
          {formatBytes(sizeBytes)} in all
          {isWhole ? '.' : `; these are the first ${formatBytes(FIRST_BYTES)}.`}
        </span>{' '}
        {!isWhole && <Action onClick={() => setWhole(true)}>{`Load all ${formatBytes(sizeBytes)}`}</Action>}
      </div>
      {error instanceof Failure && (
        <Failed what="The payload could not be loaded" failure={error} onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null && <Loading rows={12} label="Loading the payload" />}
      {data !== undefined && <TextView label="Raw payload" lines={lines} />}
    </>
  );
}

/** JSON is laid out where it is whole and no number in it would be written in another way; else it is shown as it came. */
function toReadable(text: string) {
  if (hasOtherNumbers(text)) return toTextLines(text);
  try {
    return toLines(JSON.parse(text) as JsonValue);
  } catch {
    // The first part of JSON is none.
    return toTextLines(text);
  }
}
