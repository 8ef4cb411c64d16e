import type { RawItem } from '@sluice/contracts/api';
import type { Column } from '../../ui/column.ts';
import { formatBytes, formatCount } from '../../ui/numbers.ts';
import { Status } from '../../ui/status-glyph.tsx';
import { Age, Time } from '../../ui/time.tsx';

/** The columns of the list of events. */
export const COLUMNS: readonly Column<RawItem>[] = [
  { key: 'status', name: 'Status', width: '168px', render: (item) => <Standing item={item} /> },
  {
    key: 'id',
    name: 'Event',
    width: '190px',
    from: 600,
    render: ({ id }) => <code>{id.slice(0, 20)}…</code>,
  },
  { key: 'source', name: 'Source', width: 'minmax(88px, 1fr)', render: ({ source }) => source },
  { key: 'via', name: 'Via', width: '88px', from: 1400, render: ({ via }) => via },
  {
    key: 'received',
    name: 'Received',
    width: '176px',
    from: 600,
    render: ({ receivedAt }) => <Time at={receivedAt} withDate />,
  },
  {
    key: 'when',
    name: 'Received',
    width: '84px',
    until: 600,
    render: ({ receivedAt }) => <Time at={receivedAt} />,
  },
  {
    key: 'age',
    name: 'Age',
    width: '112px',
    from: 1400,
    render: ({ receivedAt }) => <Age at={receivedAt} />,
  },
  {
    key: 'attempts',
    name: 'Attempts',
    width: '72px',
    align: 'right',
    from: 1200,
    render: ({ attempts }) => formatCount(attempts),
  },
  {
    key: 'size',
    name: 'Size',
    width: '80px',
    align: 'right',
    from: 1400,
    render: ({ sizeBytes }) => formatBytes(sizeBytes),
  },
  {
    key: 'error',
    name: 'Last error',
    width: 'minmax(0, 2fr)',
    from: 900,
    render: ({ code, message }) => <span title={message ?? undefined}>{code ?? message ?? ''}</span>,
  },
];

function Standing({ item: { status, duplicateLevel, attempts, discarded } }: { readonly item: RawItem }) {
  if (status === 'duplicate' && duplicateLevel !== null) {
    return <Status mark="duplicate">{`Duplicate: ${duplicateLevel}`}</Status>;
  }
  if (status === 'failed') return <Status mark="failed">{`Failed, after attempt ${attempts}`}</Status>;
  if (status === 'dead' && discarded !== null) return <Status mark="dead">Dead, discarded</Status>;
  return <Status mark={status} />;
}
