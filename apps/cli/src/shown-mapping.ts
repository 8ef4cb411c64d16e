import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import type { Paint } from './paint.ts';
import { formatCount, renderPairs, renderTable, toCell } from './table.ts';

/** Draws revisions of a mapping as a table. */
export function renderRevisions(items: readonly RevisionAnswer[], paint: Paint): string {
  const titles = ['revision', 'state', 'owner', 'created', 'by', 'last active', 'last trial'];
  const rows = items.map(({ revision, state, owner, createdAt, createdBy, activatedAt, trial }) => [
    `${revision}`,
    state === 'active' ? paint('green', state) : state,
    owner,
    createdAt,
    toCell(createdBy ?? '-', 32),
    activatedAt === null ? 'never' : `from ${activatedAt}`,
    trial === null ? '-' : `${trial.failed} of ${trial.tried} fail`,
  ]);
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
    paint,
  );
}

/** Tells everything about one revision. */
export function renderRevision(shown: RevisionAnswer, paint: Paint): string {
  const { source, revision, state, owner, activatedAt, activatedBy, retiredAt, forced, unusable } = shown;
  const pairs: [string, string][] = [
    ['source', source],
    ['revision', `${revision}`],
    ['state', state],
    ['owner', owner === 'file' ? 'the sources file' : 'the api'],
    ['created', toMoment(shown.createdAt, shown.createdBy)],
  ];
  if (activatedAt !== null) pairs.push(['activated', toMoment(activatedAt, activatedBy)]);
  if (retiredAt !== null) pairs.push(['retired', retiredAt]);
  if (forced !== null) pairs.push(['forced', toCell(forced.reason, 500)]);
  const sections = [
    renderPairs(pairs, paint),
    `${paint('bold', 'Mapping')}\n${JSON.stringify(shown.mapping, null, 2)}`,
  ];
  if (unusable !== null) {
    const reasons = unusable.map(({ pointer, detail }) => `${pointer} ${toCell(detail, 300)}`);
    sections.push([paint('red', 'This build does not understand'), ...reasons].join('\n'));
  }
  if (shown.trial !== null) sections.push(renderTrial(shown.trial, paint));
  return sections.join('\n\n');
}

/** Tells what came of a trial. */
export function renderTrial(trial: RevisionAnswer['trial'], paint: Paint): string {
  if (trial === null) return 'It was not tried.';
  const { tried, passed, failed, skipped, changed, added, isWhole } = trial;
  const pairs: [string, string][] = [
    ['tried', `${formatCount(tried)} stored events${isWhole ? ', all there are' : ''}`],
    ['passed', formatCount(passed)],
    ['failed', failed > 0 ? paint('red', formatCount(failed)) : '0'],
    ['skipped', formatCount(skipped)],
    ['changed', `${formatCount(changed)} records would be other ones`],
    ['added', `${formatCount(added)} records would be new`],
  ];
  const groups = [...trial.failures, ...trial.warnings].map(
    ({ code, count, message, events }) =>
      `${paint('yellow', code)} ${formatCount(count)} times: ${toCell(message, 300)}\n  ${events.join('\n  ')}`,
  );
  return [`${paint('bold', 'Trial')} of ${trial.at}\n${renderPairs(pairs, paint)}`, ...groups].join('\n\n');
}

function toMoment(at: string, by: string | null): string {
  return by === null ? at : `${at} by ${toCell(by, 64)}`;
}
