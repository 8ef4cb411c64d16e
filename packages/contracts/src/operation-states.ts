/**
 * Where an operation stands: `planned` = its set of events is being frozen; `paused` by a person, or by itself because
 * too many failed again; `failed` = it met something nobody foresaw. The last three are final.
 */
export const OPERATION_STATES = ['planned', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** States in which an operation keeps others away from its events. */
export const LIVE_STATES = ['planned', 'running', 'paused'] as const satisfies readonly OperationState[];
