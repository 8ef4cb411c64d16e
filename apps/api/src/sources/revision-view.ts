import type { MappingTrial, StoredMapping } from '@sluice/contracts/mapping';
import type { RevisionAnswer, TrialAnswer } from '@sluice/contracts/sources-api';

/** Shows a revision of a mapping. */
export function toRevisionAnswer(stored: StoredMapping): RevisionAnswer {
  const { source, revision, state, owner, mapping, createdAt, activatedAt, retiredAt, trial, forced } =
    stored;
  return {
    ...{ source, revision, state, owner },
    mapping: JSON.parse(JSON.stringify(mapping)),
    createdAt: createdAt.toISOString(),
    createdBy: stored.createdBy ?? null,
    activatedAt: activatedAt?.toISOString() ?? null,
    activatedBy: stored.activatedBy ?? null,
    retiredAt: retiredAt?.toISOString() ?? null,
    trial: trial === undefined ? null : toTrialAnswer(trial),
    forced: forced === undefined ? null : { at: forced.at.toISOString(), reason: forced.reason },
  };
}

function toTrialAnswer({ at, failures, warnings, ...counts }: MappingTrial): TrialAnswer {
  const toGroups = (groups: MappingTrial['failures']) =>
    groups.map((group) => ({ ...group, events: [...group.events] }));
  return { ...counts, at: at.toISOString(), failures: toGroups(failures), warnings: toGroups(warnings) };
}
