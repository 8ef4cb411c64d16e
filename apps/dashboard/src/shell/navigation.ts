/** The pages by group, as the sidebar and the command palette list them; `key` follows `g`. */
export const NAVIGATION = [
  {
    group: 'Watch',
    pages: [
      { to: '/overview', name: 'Overview', key: 'o' },
      { to: '/live', name: 'Live', key: 'l' },
      { to: '/events', name: 'Events', key: 'e' },
      { to: '/normalized', name: 'Normalized', key: 'n' },
      { to: '/aggregates', name: 'Aggregates', key: 'a' },
      { to: '/devices', name: 'Devices', key: 'v' },
    ],
  },
  {
    group: 'Fix',
    pages: [
      { to: '/dead-letters', name: 'Dead letters', key: 'd' },
      { to: '/requests', name: 'Rejected requests', key: 'r' },
      { to: '/operations', name: 'Operations', key: 'p' },
      { to: '/send', name: 'Send an event', key: 't' },
    ],
  },
  {
    group: 'Configure',
    pages: [
      { to: '/sources', name: 'Sources', key: 's' },
      { to: '/schedules', name: 'Schedules', key: 'c' },
    ],
  },
  {
    group: 'System',
    pages: [
      { to: '/queues', name: 'Queues & workers', key: 'q' },
      { to: '/replication', name: 'Replication', key: 'b' },
      { to: '/keys', name: 'API keys', key: 'y' },
      { to: '/audit', name: 'Audit', key: 'u' },
      { to: '/settings', name: 'Settings', key: ',' },
    ],
  },
] as const;

type Page = (typeof NAVIGATION)[number]['pages'][number];

/** All pages of the navigation, in its order. */
export const PAGES: readonly Page[] = NAVIGATION.flatMap<Page>(({ pages }) => pages);
