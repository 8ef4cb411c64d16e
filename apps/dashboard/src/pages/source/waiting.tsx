import type { RawItem, RejectionItem } from '@sluice/contracts/api';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { Notice } from '../../ui/notice.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { Time } from '../../ui/time.tsx';

const REFRESH_MS = 2000;

/** Asks for the newest event and the newest refused request of a source; `live` while they are waited for. */
export function useNewest(id: string, live: boolean) {
  const refetchInterval = live ? REFRESH_MS : 5 * REFRESH_MS;
  const events = useQuery({
    queryKey: ['newest-event', id],
    queryFn: ({ signal }) => read<Page<RawItem>>('/api/events/raw', { source: id, limit: 1 }, signal),
    refetchInterval,
  });
  const refused = useQuery({
    queryKey: ['newest-refusal', id],
    queryFn: ({ signal }) => read<Page<RejectionItem>>('/api/rejections', { source: id, limit: 1 }, signal),
    refetchInterval,
  });
  return {
    isKnown: events.data !== undefined && refused.data !== undefined,
    event: events.data?.items[0] ?? null,
    refusal: refused.data?.items[0] ?? null,
  };
}

/** Waits for the first request of a new source, and says what came: an event, or a refusal with its cause. */
export function Waiting({
  event,
  refusal,
}: {
  readonly event: RawItem | null;
  readonly refusal: RejectionItem | null;
}) {
  if (event !== null) {
    return (
      <Notice tone="plain">
        <p>
          <Status mark="normalized">It works.</Status> The first event arrived at{' '}
          <Time at={event.receivedAt} />:{' '}
          <Link to="/events/$id" params={{ id: event.id }}>
            open it
          </Link>
          .
        </p>
      </Notice>
    );
  }
  if (refusal !== null) {
    return (
      <Notice tone="failed">
        <p>
          <Status mark="rejected">A request came and was refused: {refusal.cause}.</Status> {refusal.detail} (
          <Time at={refusal.at} />) Waiting for one that is accepted.
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="plain">
      <p>
        <Status mark="processing">Waiting for the first request.</Status> This page says so when it comes.
      </p>
    </Notice>
  );
}
