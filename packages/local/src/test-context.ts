import type { Environment } from './say.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Redis of this run, like `redis://127.0.0.1:41234`; keep to a prefix of your own. */
    redisUrl: string;
    /** MongoDB of this run, like `mongodb://127.0.0.1:41235/?replicaSet=rs0`; keep to a database of your own. */
    mongoUrl: string;
    /** The environment that the tests were started with, for programs that they start. */
    hostEnv: Environment;
  }
}

/** The servers of a test run. */
export type TestServers = {
  readonly redisUrl: string;
  readonly mongoUrl: string;
  readonly stop: () => Promise<void>;
};
