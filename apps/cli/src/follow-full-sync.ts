import { setTimeout as pause } from 'node:timers/promises';
import { type FullSync, fullSyncsSchema } from '@sluice/contracts/full-sync';
import type { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import type { Paint } from './paint.ts';
import { type Progress, showProgress } from './progress.ts';
import { formatCount, renderPairs, renderTable, toCell } from './table.ts';

const LOOK_MS = 500;

/** How many differences of a collection are shown. */
const SHOWN_SAMPLES = 5;

/** Tells whether a full sync goes on by itself. */
function isUnderWay({ state }: Pick<FullSync, 'state'>): boolean {
  return state === 'planned' || state === 'running';
}

/** Asks for a full sync once; only the newest are known. */
async function readFullSync(api: ApiClient, id: string): Promise<FullSync> {
  const { current, last } = (await api.ask({ path: '/api/sync/full' }, fullSyncsSchema)).value;
  const found = [current, last].find((one) => one?.id === id);
  if (found === undefined || found === null)
    throw new CliError(EXIT.notFound, `Newer full syncs came after ${id}.`);
  return found;
}

/** Shows how a full sync goes on until it is over, or needs a person; returns what it came to. */
export async function followFullSync(
  api: ApiClient,
  first: FullSync,
  { stderr, signal }: { readonly stderr: NodeJS.WriteStream; readonly signal: AbortSignal },
): Promise<FullSync> {
  let sync = first;
  let progress: Progress | undefined;
  let waited: string | null = null;
  try {
    while (isUnderWay(sync)) {
      await pause(LOOK_MS, undefined, { signal });
      sync = await readFullSync(api, first.id);
      if (sync.startedAt === null) continue;
      progress ??= showProgress(stderr, sync.total);
      progress.update(sync.compared, `${formatCount(sync.compared)} of ${formatCount(sync.total)}`);
      if (sync.waitingFor !== null && sync.waitingFor !== waited)
        progress.say(`It waits for ${sync.waitingFor}.`);
      waited = sync.waitingFor;
    }
    return sync;
  } finally {
    progress?.stop();
  }
}

/** Tells a full sync in words. */
export function renderFullSync(sync: FullSync, paint: Paint): string {
  const { id, mode, state, stateReason, compared, lagging, collections } = sync;
  const pairs: [string, string][] = [
    [mode === 'verify' ? 'verification' : 'full sync', id],
    ['state', stateReason === null ? state : `${state}: ${toCell(stateReason, 200)}`],
    ['compared', `${formatCount(compared)} documents in ${collections.length} collections`],
  ];
  if (lagging > 0) pairs.push(['changing', `${formatCount(lagging)} documents, which are no differences`]);
  const differing = collections.filter(({ missing, extra, unequal }) => missing + extra + unequal > 0);
  const parts = [renderPairs(pairs, paint)];
  if (differing.length > 0)
    parts.push(renderCollections(sync, differing, paint), renderSamples(differing, paint));
  return [...parts, toVerdict(sync, paint)].join('\n');
}

function renderCollections({ mode }: FullSync, differing: FullSync['collections'], paint: Paint): string {
  const counts = ['missing', 'extra', 'unequal'] as const;
  const names = mode === 'verify' ? counts : ([...counts, 'copied', 'deleted', 'kept', 'refused'] as const);
  const columns = names.map((title) => ({ title, align: 'right' as const }));
  return renderTable(
    [{ title: 'collection' }, ...columns],
    differing.map((one) => [toCell(one.name), ...names.map((name) => formatCount(one[name]))]),
    paint,
  );
}

function renderSamples(differing: FullSync['collections'], paint: Paint): string {
  const rows = differing.flatMap(({ name, samples }) =>
    samples.slice(0, SHOWN_SAMPLES).map(({ kind, id, since }) => [kind, toCell(name), toCell(id), since]),
  );
  return renderTable(
    [{ title: 'kind' }, { title: 'collection' }, { title: 'id' }, { title: 'since' }],
    rows,
    paint,
  );
}

function toVerdict(
  { mode, state, identical, copied, deleted, kept, refused }: FullSync,
  paint: Paint,
): string {
  if (state !== 'done') return paint('yellow', 'It did not come to its end.');
  if (identical === true) return paint('green', 'The backup holds the same as the primary.');
  if (mode === 'verify') return paint('red', 'The backup differs: sluice verify --mend copies what differs.');
  const left = kept + refused;
  const mended = `Copied ${formatCount(copied)}, deleted ${formatCount(deleted)}.`;
  if (left === 0) return paint('green', mended);
  const rest =
    kept > 0
      ? ` ${formatCount(kept)} documents that only the backup has were left: --confirm-deletes deletes them.`
      : ` The backup refused ${formatCount(refused)}.`;
  return paint('red', `${mended}${rest}`);
}
