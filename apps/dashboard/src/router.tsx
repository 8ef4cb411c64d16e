import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { readTexts } from './data/search.ts';
import { toAggregatesSearch } from './pages/aggregates/search.ts';
import { toDeviceSearch } from './pages/devices/search.ts';
import { toEventViewSearch } from './pages/event/search.ts';
import { toEventSearch } from './pages/events/search.ts';
import { toLiveSearch } from './pages/live/search.ts';
import { toOverviewSearch } from './pages/overview/search.ts';
import { NotFound } from './shell/not-found.tsx';
import { SignedIn } from './shell/signed-in.tsx';

type Context = { readonly queries: QueryClient };

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound });

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: SignedIn });

const index = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/overview' });
  },
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/overview',
  validateSearch: toOverviewSearch,
  component: lazyRouteComponent(() => import('./pages/overview/overview.tsx'), 'Overview'),
});

const events = createRoute({
  getParentRoute: () => shell,
  path: '/events',
  validateSearch: toEventSearch,
  component: lazyRouteComponent(() => import('./pages/events/events.tsx'), 'Events'),
});

const event = createRoute({
  getParentRoute: () => shell,
  path: '/events/$id',
  validateSearch: toEventViewSearch,
  component: lazyRouteComponent(() => import('./pages/event/event.tsx'), 'Event'),
});

const normalized = createRoute({
  getParentRoute: () => shell,
  path: '/normalized',
  validateSearch: (search) => readTexts(search, ['source', 'type', 'subject', 'from', 'to']),
  component: lazyRouteComponent(() => import('./pages/normalized/normalized.tsx'), 'Normalized'),
});

const requests = createRoute({
  getParentRoute: () => shell,
  path: '/requests',
  validateSearch: (search) => readTexts(search, ['cause', 'source']),
  component: lazyRouteComponent(() => import('./pages/requests/requests.tsx'), 'Requests'),
});

const devices = createRoute({
  getParentRoute: () => shell,
  path: '/devices',
  validateSearch: toDeviceSearch,
  component: lazyRouteComponent(() => import('./pages/devices/devices.tsx'), 'Devices'),
});

const device = createRoute({
  getParentRoute: () => shell,
  path: '/devices/$id',
  component: lazyRouteComponent(() => import('./pages/device/device.tsx'), 'Device'),
});

const sources = createRoute({
  getParentRoute: () => shell,
  path: '/sources',
  validateSearch: (search) => readTexts(search, ['add']),
  component: lazyRouteComponent(() => import('./pages/sources/sources.tsx'), 'Sources'),
});

const source = createRoute({
  getParentRoute: () => shell,
  path: '/sources/$id',
  component: lazyRouteComponent(() => import('./pages/source/source.tsx'), 'Source'),
});

const schedules = createRoute({
  getParentRoute: () => shell,
  path: '/schedules',
  component: lazyRouteComponent(() => import('./pages/schedules/schedules.tsx'), 'Schedules'),
});

const queues = createRoute({
  getParentRoute: () => shell,
  path: '/queues',
  component: lazyRouteComponent(() => import('./pages/queues/queues.tsx'), 'Queues'),
});

const replication = createRoute({
  getParentRoute: () => shell,
  path: '/replication',
  component: lazyRouteComponent(() => import('./pages/replication/replication.tsx'), 'Replication'),
});

const differences = createRoute({
  getParentRoute: () => shell,
  path: '/replication/differences',
  validateSearch: (search) => readTexts(search, ['collection', 'id']),
  component: lazyRouteComponent(() => import('./pages/replication/differences.tsx'), 'Differences'),
});

const live = createRoute({
  getParentRoute: () => shell,
  path: '/live',
  validateSearch: toLiveSearch,
  component: lazyRouteComponent(() => import('./pages/live/live.tsx'), 'Live'),
});

const send = createRoute({
  getParentRoute: () => shell,
  path: '/send',
  validateSearch: (search) => readTexts(search, ['from']),
  component: lazyRouteComponent(() => import('./pages/send/send.tsx'), 'Send'),
});

const deadLetters = createRoute({
  getParentRoute: () => shell,
  path: '/dead-letters',
  validateSearch: (search) => readTexts(search, ['source', 'code', 'from', 'to']),
  component: lazyRouteComponent(() => import('./pages/dead-letters/dead-letters.tsx'), 'DeadLetters'),
});

const deadLetterGroup = createRoute({
  getParentRoute: () => shell,
  path: '/dead-letters/$fingerprint',
  validateSearch: (search) => readTexts(search, ['plan']),
  component: lazyRouteComponent(() => import('./pages/dead-letters/group.tsx'), 'Group'),
});

const operations = createRoute({
  getParentRoute: () => shell,
  path: '/operations',
  component: lazyRouteComponent(() => import('./pages/operations/operations.tsx'), 'Operations'),
});

const operation = createRoute({
  getParentRoute: () => shell,
  path: '/operations/$id',
  validateSearch: (search) => readTexts(search, ['canaryOf']),
  component: lazyRouteComponent(() => import('./pages/operations/operation.tsx'), 'Operation'),
});

const aggregates = createRoute({
  getParentRoute: () => shell,
  path: '/aggregates',
  validateSearch: toAggregatesSearch,
  component: lazyRouteComponent(() => import('./pages/aggregates/aggregates.tsx'), 'Aggregates'),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: (search) => readTexts(search, ['actor', 'action', 'from', 'to']),
  component: lazyRouteComponent(() => import('./pages/audit/audit.tsx'), 'Audit'),
});

const keys = createRoute({
  getParentRoute: () => shell,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys/keys.tsx'), 'Keys'),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/settings.tsx'), 'Settings'),
});

/** Whatever else was typed: the way on stands around it. */
const elsewhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFound });

const pages = [
  index,
  overview,
  live,
  events,
  event,
  normalized,
  aggregates,
  devices,
  device,
  deadLetters,
  deadLetterGroup,
  requests,
  operations,
  operation,
  send,
  sources,
  source,
  schedules,
  queues,
  replication,
  differences,
  audit,
  keys,
  settings,
  elsewhere,
] as const;

const tree = root.addChildren([shell.addChildren(pages)]);

/** Creates the router: filters are the address, so that a view can be sent to somebody. */
export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
