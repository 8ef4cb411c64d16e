import { useMutation, useQueryClient } from '@tanstack/react-query';
import { send } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { Problem } from '../../ui/field.tsx';

/** Runs a poll now, pauses polling or goes on with it. */
export function PollActions({ id, paused }: { readonly id: string; readonly paused: boolean }) {
  const queries = useQueryClient();
  const lack = useLack('operator');
  const { mutate, isPending, error, data, variables } = useMutation({
    mutationFn: (what: 'pause' | 'resume' | 'poll') =>
      send<unknown>('POST', `/api/sources/${encodeURIComponent(id)}/${what}`),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['schedules'] });
      await queries.invalidateQueries({ queryKey: ['source', id] });
    },
  });
  const toggle = paused ? 'Resume' : 'Pause';
  return (
    <>
      <Action
        busy={isPending}
        reason={lack ?? (paused ? 'resume it first' : undefined)}
        aria-label={`Run now: ${id}`}
        onClick={() => mutate('poll')}
      >
        Run now
      </Action>
      {lack === undefined && (
        <Action
          weight="quiet"
          busy={isPending}
          aria-label={`${toggle} ${id}`}
          onClick={() => mutate(paused ? 'resume' : 'pause')}
        >
          {toggle}
        </Action>
      )}
      {data !== undefined && variables === 'poll' && <span>asked for</span>}
      <Problem error={error} />
    </>
  );
}
