import { findFreePort, probePort, takePortFrom } from './ports.ts';
import { StartError } from './say.ts';

/** The setting behind each port, and the app that listens there. */
const PORT_SETTINGS = {
  INGEST_PORT: 'ingest',
  API_PORT: 'api',
  LIVE_PORT: 'live',
  WORKER_PORT: 'worker',
  SCHEDULER_PORT: 'scheduler',
  REPLICATOR_PORT: 'replicator',
  INGEST_METRICS_PORT: 'ingest',
  API_METRICS_PORT: 'api',
  LIVE_METRICS_PORT: 'live',
} as const;

/** The name of a setting that is a port. */
type PortSetting = keyof typeof PORT_SETTINGS;

/** Ports by setting; 0 means any free one. */
export type StackPorts = Readonly<Record<PortSetting, number>>;

/** Any free port for every app. */
export const ANY_PORTS: StackPorts = {
  INGEST_PORT: 0,
  API_PORT: 0,
  LIVE_PORT: 0,
  WORKER_PORT: 0,
  SCHEDULER_PORT: 0,
  REPLICATOR_PORT: 0,
  INGEST_METRICS_PORT: 0,
  API_METRICS_PORT: 0,
  LIVE_METRICS_PORT: 0,
};

/** Finds ports for the replicas after the first. */
export type ReplicaPorts = {
  readonly nextWorker: () => Promise<number>;
  readonly nextScheduler: () => Promise<number>;
};

const SETTINGS = Object.keys(PORT_SETTINGS) as PortSetting[];
const FURTHER_WORKERS_FROM = 3020;
const FURTHER_SCHEDULERS_FROM = 3040;

/**
 * Checks that every port can be listened on at `host`, and picks one for each 0, before anything is started.
 *
 * @throws StartError naming the first port that cannot, with its app and its setting
 */
export async function settlePorts(wanted: StackPorts, host: string): Promise<StackPorts> {
  const settled = { ...wanted };
  const users = new Map<number, PortSetting>();
  for (const setting of SETTINGS) {
    const port = wanted[setting];
    if (port === 0) continue;
    const other = users.get(port);
    if (other !== undefined) {
      throw new StartError(`${other} and ${setting} are both ${port}; give one of them another port.`);
    }
    users.set(port, setting);
    const code = await probePort(port, host);
    if (code !== undefined) throw new StartError(explain(code, port, setting, host));
  }
  for (const setting of SETTINGS) {
    if (wanted[setting] !== 0) continue;
    settled[setting] = await findPortBesides(users);
  }
  return settled;
}

/**
 * Creates the source of ports for further replicas: free ones from 3020 (workers) and 3040 (schedulers), or any free one
 * where the first replica may have any, so that stacks that start at the same moment do not meet.
 */
export function createReplicaPorts(wanted: StackPorts, settled: StackPorts, host: string): ReplicaPorts {
  const taken = new Set(Object.values(settled));
  const next = (setting: PortSetting, from: number): Promise<number> =>
    wanted[setting] === 0 ? findPortBesides(taken) : takePortFrom(from, taken, host);
  return {
    nextWorker: () => next('WORKER_PORT', FURTHER_WORKERS_FROM),
    nextScheduler: () => next('SCHEDULER_PORT', FURTHER_SCHEDULERS_FROM),
  };
}

/** Nothing listens yet on the ports that are wanted by their numbers. */
async function findPortBesides(wanted: { has(port: number): boolean }): Promise<number> {
  for (;;) {
    const port = await findFreePort();
    if (!wanted.has(port)) return port;
  }
}

function explain(code: string, port: number, setting: PortSetting, host: string): string {
  const app = PORT_SETTINGS[setting];
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken, so ${app} cannot listen there: end the program that uses it, or set ${setting} to another port.`;
  }
  if (code === 'EACCES') {
    return `Port ${port} may not be used by this user, so ${app} cannot listen there: set ${setting} to a port above 1023.`;
  }
  return `${app} cannot listen on ${host} port ${port} (${code}): check HOST and ${setting}.`;
}
