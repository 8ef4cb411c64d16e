/** How the apps of a replay run are set: events die of one attempt, and what a dead worker held comes back soon. */
export const REPLAY_ENV = {
  AUTH: 'off',
  FAILURE_SIMULATION: 'on',
  RETRY_ATTEMPTS: '1',
  WORKER_LOCK_MS: '3000',
  WORKER_STALLED_MS: '1000',
} as const;
