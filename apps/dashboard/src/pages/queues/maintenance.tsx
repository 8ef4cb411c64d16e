import type { Maintenance as State } from '@sluice/contracts/api';
import type { QueueList } from '@sluice/contracts/processes';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { queuesQuery } from '../../data/queues.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ReasonForm } from '../../ui/dialog-form.tsx';
import { Notice } from '../../ui/notice.tsx';
import { plural } from '../../ui/numbers.ts';
import { Time } from '../../ui/time.tsx';

/** Says whether maintenance is on, with its switch; the switch asks for a reason. */
export function Maintenance({ queues }: { readonly queues: QueueList }) {
  const { on, since } = queues.maintenance;
  const holding = queues.items.find(({ name }) => name === 'events')?.processes.holding ?? 0;
  const [isAsking, setAsking] = useState(false);
  const lack = useLack('admin');
  const ask = () => setAsking(true);
  const dialog = (
    <Dialog
      title={on ? 'Turn maintenance off' : 'Turn maintenance on'}
      opened={isAsking}
      onClose={() => setAsking(false)}
    >
      <Switch on={!on} onClose={() => setAsking(false)} />
    </Dialog>
  );
  if (!on) {
    return (
      <>
        <Action weight="quiet" reason={lack} onClick={ask}>
          Maintenance…
        </Action>
        {dialog}
      </>
    );
  }
  return (
    <div style={{ flexBasis: '100%' }}>
      <Notice tone="failed">
        <p>
          <b>
            Maintenance is on
            {since !== null && (
              <>
                {' '}
                since <Time at={since} withDate />
              </>
            )}
            .
          </b>{' '}
          Events are accepted as ever and wait.{' '}
          <b>{`${plural(holding, 'worker')} ${holding === 1 ? 'holds' : 'hold'}`}.</b> No attempt is counted.
        </p>
        <Action reason={lack} onClick={ask}>
          Turn it off…
        </Action>
      </Notice>
      {dialog}
    </div>
  );
}

function Switch({ on, onClose }: { readonly on: boolean; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const turn = useMutation({
    mutationFn: (reason: string) => send<State>('POST', '/api/maintenance', { on, reason }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: queuesQuery.queryKey });
      onClose();
    },
  });
  return (
    <ReasonForm
      act={on ? 'Turn maintenance on' : 'Turn maintenance off'}
      leave={on ? 'Leave it off' : 'Leave it on'}
      busy={turn.isPending}
      error={turn.error}
      onSubmit={turn.mutate}
      onClose={onClose}
    >
      <p>
        {on
          ? 'Every worker finishes what it has in hand and fetches nothing more, within a second. Events are accepted as ever and wait in the queue, so Redis fills up meanwhile.'
          : 'The workers go on within six seconds.'}
      </p>
    </ReasonForm>
  );
}
