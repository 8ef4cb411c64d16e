import { toListenerUrl } from '@sluice/runtime/listener-url';
import type { AppSpec } from './app-run.ts';
import type { Environment } from './say.ts';
import { createReplicaPorts, type StackPorts } from './stack-ports.ts';

/** Which processes a stack has, with their addresses and environments. */
export type Plan = {
  readonly urls: { readonly ingestUrl: string; readonly apiUrl: string; readonly liveUrl: string };
  /** Names the processes to start with: ingest, api, live, then schedulers, workers and the replicator, if there is one. */
  readonly toSpecs: () => Promise<AppSpec[]>;
  /** Names one more worker. */
  readonly toNextWorker: (env: Environment) => Promise<AppSpec>;
};

/** What a plan is made from. */
export type PlanOptions = {
  readonly host: string;
  /** As they were asked for: 0 means any free one. */
  readonly ports: StackPorts;
  readonly workers: number;
  readonly schedulers: number;
  readonly env: Environment;
};

/** Plans a stack: every process gets all addresses, and each replica a port of its own. */
export function createPlan(
  options: PlanOptions,
  ports: StackPorts,
  stores: {
    readonly redisUrl: string;
    readonly mongodbUri: string;
    readonly backupUri?: string | undefined;
  },
): Plan {
  const { host } = options;
  const toUrl = (port: number): string => toListenerUrl(host, port);
  const urls = {
    ingestUrl: toUrl(ports.INGEST_PORT),
    apiUrl: toUrl(ports.API_PORT),
    liveUrl: toUrl(ports.LIVE_PORT),
  };
  const shared: Environment = {
    ...options.env,
    ...Object.fromEntries(Object.entries(ports).map(([setting, port]) => [setting, `${port}`])),
    HOST: host,
    REDIS_URL: stores.redisUrl,
    MONGODB_URI: stores.mongodbUri,
    // An alias that differs from the address in use would be refused as a contradiction.
    MONGODB_LOCAL_URI: undefined,
    BACKUP_MONGODB_URI: stores.backupUri,
    MONGODB_ATLAS_URI: undefined,
    INGEST_URL: urls.ingestUrl,
    LIVE_URL: urls.liveUrl,
  };
  const replicaPorts = createReplicaPorts(options.ports, ports, host);
  let workers = 0;
  let schedulers = 0;

  async function toNextWorker(env: Environment): Promise<AppSpec> {
    workers += 1;
    const port = workers === 1 ? ports.WORKER_PORT : await replicaPorts.nextWorker();
    return toReplica('worker', workers, port, { ...shared, WORKER_PORT: `${port}`, ...env });
  }

  async function toNextScheduler(): Promise<AppSpec> {
    schedulers += 1;
    const port = schedulers === 1 ? ports.SCHEDULER_PORT : await replicaPorts.nextScheduler();
    return toReplica('scheduler', schedulers, port, { ...shared, SCHEDULER_PORT: `${port}` });
  }

  function toReplica(name: string, index: number, port: number, env: Environment): AppSpec {
    return { name, label: index === 1 ? name : `${name}-${index}`, env, probeUrl: toUrl(port) };
  }

  return {
    urls,
    toSpecs: async () => {
      const specs: AppSpec[] = [
        { name: 'ingest', label: 'ingest', env: shared, probeUrl: urls.ingestUrl },
        { name: 'api', label: 'api', env: shared, probeUrl: urls.apiUrl },
        { name: 'live', label: 'live', env: shared, probeUrl: urls.liveUrl },
      ];
      for (let index = 0; index < options.schedulers; index += 1) specs.push(await toNextScheduler());
      for (let index = 0; index < options.workers; index += 1) specs.push(await toNextWorker({}));
      if (stores.backupUri !== undefined) {
        const probeUrl = toUrl(ports.REPLICATOR_PORT);
        specs.push({ name: 'replicator', label: 'replicator', env: shared, probeUrl, givesWay: true });
      }
      return specs;
    },
    toNextWorker,
  };
}
