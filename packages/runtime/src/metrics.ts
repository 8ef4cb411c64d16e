import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What a metric is called (without the prefix `sluice_`), means, and is split by. */
export type MetricOptions<Label extends string> = {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
};

/** The metrics of a process, in a registry of their own. */
export type Metrics = {
  createCounter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label>;
  /** `collect` sets the value each time the metrics are read. */
  createGauge<Label extends string = never>(
    options: MetricOptions<Label> & { readonly collect?: (gauge: Gauge<Label>) => void | Promise<void> },
  ): Gauge<Label>;
  /** `buckets` are upper bounds; durations are in seconds. */
  createHistogram<Label extends string = never>(
    options: MetricOptions<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label>;
  readonly contentType: string;
  /** Renders all metrics in Prometheus' text format. */
  read(): Promise<string>;
};

/** Bounds for the time to answer or to store, in seconds. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/**
 * Creates the metrics of a process, those of Node included. Every one carries `app`; the instance stands only on
 * `sluice_process_info`, because Prometheus sets a label `instance` itself.
 */
export function createMetrics({
  app,
  instance,
}: {
  readonly app: string;
  readonly instance: string;
}): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  // By default the event loop would be woken a hundred times a second to see how late it is.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const registers = [registry];
  new Gauge({
    name: 'sluice_process_info',
    help: 'Always 1; names the process by its instance id.',
    labelNames: ['process'],
    registers,
  }).set({ process: instance }, 1);

  return {
    createCounter: ({ name, help, labels = [] }) =>
      new Counter({ name: `sluice_${name}`, help, labelNames: [...labels], registers }),
    createGauge: ({ name, help, labels = [], collect }) => {
      const read = collect;
      return new Gauge({
        name: `sluice_${name}`,
        help,
        labelNames: [...labels],
        registers,
        ...(read === undefined
          ? {}
          : {
              collect() {
                return read(this);
              },
            }),
      });
    },
    createHistogram: ({ name, help, labels = [], buckets }) =>
      new Histogram({
        name: `sluice_${name}`,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers,
      }),
    contentType: registry.contentType,
    read: () => registry.metrics(),
  };
}
