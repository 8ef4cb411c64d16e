import {
  DEFAULT_RATE_PER_SECOND,
  DEFAULT_STOP_SHARE,
  MAX_RATE_PER_SECOND,
  MIN_RATE_PER_SECOND,
  MIN_STOP_SHARE,
  type OperationPlan,
  operationPlanSchema,
  type Replay,
  replaySchema,
} from '@sluice/contracts/operations';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { followReplay, readReplay, renderReplay } from '../follow-replay.ts';
import type { Paint } from '../paint.ts';
import { decimalNumber, sourceId } from '../read-options.ts';
import type { Act, Session } from '../session.ts';
import { formatCount, renderPairs, toCell } from '../table.ts';

type ReplayOptions = {
  readonly source?: string;
  readonly code?: string;
  readonly fingerprint?: string;
  readonly from?: string;
  readonly to?: string;
  readonly discarded?: boolean;
  readonly all?: boolean;
  readonly rate?: number;
  readonly stopShare?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly cancel?: boolean;
};

const HELP = `
Only dead events are replayed. Without an id the plan is shown first, then it
asks; what dies after the plan is not touched. Ctrl-C stops only the watching:
the replay goes on by itself, and sluice replay <its id> watches it again.
Ends with 1 when events failed again, when the replay paused itself, or when
the question is answered with no.

Examples:
  sluice replay evt_0123456789abcdef0123456789abcdef
  sluice replay --source erp --code ERR_FIELD_REQUIRED --reason "mapping mended"
  sluice replay --all --rate 50 --reason "after the outage" --yes
  sluice replay op_0123456789abcdef01234567 --cancel
`;

/** Adds `sluice replay`. */
export function addReplayCommand(program: Command, act: Act): void {
  program
    .command('replay')
    .summary('Process dead events again.')
    .description(
      'Process dead events again: one, or all that a filter names, as an operation that survives crashes.',
    )
    .argument('[id]', 'A dead event (evt_...), or a replay (op_...) to watch.')
    .option('-s, --source <id>', 'Only events of this source.', sourceId)
    .option('--code <code>', 'Only events that died with this error code.')
    .option('--fingerprint <fingerprint>', 'Only events of this group of dead letters.')
    .option('--from <time>', 'Only events received from this time on.')
    .option('--to <time>', 'Only events received before this time.')
    .option('--discarded', 'Only events that were discarded.')
    .option('--all', 'All dead events.')
    .option(
      '--rate <number>',
      `Events a second at most (default ${DEFAULT_RATE_PER_SECOND}).`,
      decimalNumber(MIN_RATE_PER_SECOND, MAX_RATE_PER_SECOND),
    )
    .option(
      '--stop-share <share>',
      `Pause when this share fails again (default ${DEFAULT_STOP_SHARE}).`,
      decimalNumber(MIN_STOP_SHARE, 1),
    )
    .option('--reason <text>', 'Why, for whoever reads it later; needed with a filter.')
    .option('--dry-run', 'Only show the plan.')
    .option('-y, --yes', 'Do not ask.')
    .option('--no-wait', 'Do not watch it.')
    .option('--cancel', 'Cancel the replay whose id is given.')
    .addHelpText('after', HELP)
    .action(
      act(async (session, options: ReplayOptions, id?: string) => {
        const filter = toFilter(options);
        const hasFilter = Object.keys(filter).length > 0 || options.all === true;
        if (options.cancel && (id?.startsWith('op_') !== true || hasFilter || options.dryRun)) {
          throw new CliError(EXIT.usage, '--cancel takes the id of a replay (op_...), and nothing else.');
        }
        if (id === undefined) {
          if (hasFilter) return replayMany(session, filter, options);
          throw new CliError(EXIT.usage, 'Say what to replay: an id, a filter like --source, or --all.');
        }
        if (hasFilter) throw new CliError(EXIT.usage, 'Give either an id or a filter, not both.');
        if (id.startsWith('op_')) return watchReplay(session, id, options);
        return replayOne(session, id, options);
      }),
    );
}

async function replayOne(
  session: Session,
  id: string,
  { reason, wait, ...options }: ReplayOptions,
): Promise<ExitCode> {
  if (options.dryRun)
    throw new CliError(EXIT.usage, '--dry-run goes with a filter; one event needs no plan.');
  const api = await session.connect();
  const path = `/api/events/${encodeURIComponent(id)}/replay`;
  const replay = await post(api, path, reason === undefined ? {} : { reason }, replaySchema);
  return finish(session, api, replay, wait);
}

async function watchReplay(session: Session, id: string, { cancel, wait }: ReplayOptions): Promise<ExitCode> {
  const api = await session.connect();
  const path = `/api/replays/${encodeURIComponent(id)}`;
  const replay = cancel
    ? await post(api, `${path}/cancel`, undefined, replaySchema)
    : await readReplay(api, id);
  return finish(session, api, replay, wait);
}

async function replayMany(session: Session, filter: object, options: ReplayOptions) {
  const { reason, rate, stopShare, dryRun, yes, wait } = options;
  const { output } = session;
  if (!dryRun && reason === undefined) {
    throw new CliError(EXIT.usage, 'Say why with --reason; it is kept for whoever reads it later.');
  }
  const api = await session.connect();
  const request = {
    filter,
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    ...(stopShare === undefined ? {} : { stopAtFailureShare: stopShare }),
    ...(reason === undefined ? {} : { reason }),
  };
  let watermark: string | undefined;
  if (dryRun || !yes) {
    const plan = await post(api, '/api/replays', { ...request, dryRun: true }, operationPlanSchema);
    if (dryRun) {
      output.answer(plan, () => renderPlan(plan, output.paint));
      return EXIT.ok;
    }
    output.note(renderPlan(plan, output.paint));
    if (!(await confirm(session, `Replay ${formatCount(plan.count)} events?`))) {
      output.note('Nothing was replayed.');
      return EXIT.no;
    }
    watermark = plan.watermark;
  }
  const body = watermark === undefined ? request : { ...request, watermark };
  const replay = await post(api, '/api/replays', body, replaySchema);
  return finish(session, api, replay, wait);
}

/** Watches a replay to its end unless that is not wanted, and answers with what it came to. */
async function finish(session: Session, api: ApiClient, started: Replay, wait: boolean): Promise<ExitCode> {
  const { output, signal } = session;
  let replay = started;
  if (wait && !started.settled) {
    output.note(`Replay ${started.id}.`);
    try {
      replay = await followReplay(api, started.id, session);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new CliError(
        EXIT.interrupted,
        `The replay goes on by itself: sluice replay ${started.id} watches it, with --cancel it ends.`,
      );
    }
  }
  output.answer(replay, () => renderReplay(replay, output.paint));
  const isStuck = replay.state === 'paused' || replay.state === 'failed';
  return replay.failedAgain > 0 || isStuck ? EXIT.no : EXIT.ok;
}

async function post<Schema extends z.ZodType>(
  api: ApiClient,
  path: string,
  body: unknown,
  schema: Schema,
): Promise<z.output<Schema>> {
  const sent =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return (await api.ask({ method: 'POST', path, ...sent }, schema)).value;
}

function toFilter({ source, code, fingerprint, from, to, discarded }: ReplayOptions): object {
  const filter = { source, code, fingerprint, from, to, discarded };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

function renderPlan(plan: OperationPlan, paint: Paint): string {
  const { count, bySource, byFingerprint, oldest, newest, watermark } = plan;
  const toList = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, of]) => `${toCell(name)} ${formatCount(of)}`)
      .join(', ') || '-';
  return renderPairs(
    [
      ['dead events', formatCount(count)],
      ['by source', toList(bySource)],
      ['by group', toList(byFingerprint)],
      ['received', oldest === null ? '-' : `${oldest} to ${newest}`],
      ['as of', watermark],
    ],
    paint,
  );
}
