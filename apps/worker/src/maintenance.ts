import type { EventsInspector } from '@sluice/queue/events-inspector';

const LOOK_MS = 1000;

/** Asks once a second whether maintenance is on, and calls `onBegun` each time that it is; Redis may be away. */
export function watchMaintenance(options: {
  readonly inspector: Pick<EventsInspector, 'readMaintenance'>;
  readonly onBegun: () => void;
}): { stop(): void } {
  const { inspector, onBegun } = options;
  const look = () =>
    inspector.readMaintenance().then(
      (since) => {
        if (since !== null) onBegun();
      },
      // Without Redis nothing is fetched anyway.
      () => undefined,
    );
  const timer = setInterval(() => void look(), LOOK_MS);
  void look();
  return { stop: () => clearInterval(timer) };
}
