import type { ProblemError } from '@sluice/contracts/errors';
import { isJsonObject } from '@sluice/contracts/json';
import { type MappingTrial, mappingSchema } from '@sluice/contracts/mapping';
import type { RevisionAnswer, TrialAnswer } from '@sluice/contracts/sources-api';
import { checkMapping } from '@sluice/sources/check-mapping';
import { explainIssues } from '@sluice/sources/explain-issues';
import type { KeptMapping } from '@sluice/store/mappings';
import { toBodyProblem } from './stored-source.ts';

/** Shows a revision of a mapping, also one that this build does not understand. */
export function toRevisionAnswer(kept: KeptMapping): RevisionAnswer {
  const { source, revision, state, owner, createdAt, activatedAt, retiredAt, trial, forced } = kept;
  const obstacles = findObstacles(kept);
  return {
    ...{ source, revision, state, owner },
    mapping: toJsonObject(kept.mapping ?? kept.stored),
    unusable: obstacles.length === 0 ? null : [...obstacles],
    createdAt: createdAt.toISOString(),
    createdBy: kept.createdBy ?? null,
    activatedAt: activatedAt?.toISOString() ?? null,
    activatedBy: kept.activatedBy ?? null,
    retiredAt: retiredAt?.toISOString() ?? null,
    trial: trial === undefined ? null : toTrialAnswer(trial),
    forced: forced === undefined ? null : { at: forced.at.toISOString(), reason: forced.reason },
  };
}

/** Says what of a revision this build cannot use; nothing but for one that another build wrote. */
export function findObstacles(kept: KeptMapping): readonly ProblemError[] {
  if (kept.mapping !== null) return toBodyProblem(checkMapping(kept.mapping)).errors ?? [];
  const { error } = mappingSchema.safeParse(kept.stored);
  return toBodyProblem(explainIssues(mappingSchema, error?.issues ?? [], kept.stored)).errors ?? [];
}

function toJsonObject(value: unknown): RevisionAnswer['mapping'] {
  return isJsonObject(value) ? JSON.parse(JSON.stringify(value)) : {};
}

function toTrialAnswer({ at, failures, warnings, ...counts }: MappingTrial): TrialAnswer {
  const toGroups = (groups: MappingTrial['failures']) =>
    groups.map((group) => ({ ...group, events: [...group.events] }));
  return { ...counts, at: at.toISOString(), failures: toGroups(failures), warnings: toGroups(warnings) };
}
