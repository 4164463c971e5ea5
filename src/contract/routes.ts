import { accessRoutes } from './access.ts';
import { alertRoutes } from './alerts.ts';
import { lakeRoutes } from './lake.ts';
import type { RouteSpec } from './route.ts';
import { runRoutes, workerRoutes } from './runs.ts';
import { scheduleRoutes } from './schedules.ts';
import { systemRoutes } from './system.ts';

/** What the domains answer; the server itself answers the rest. */
export const domainRoutes = {
  ...accessRoutes,
  ...runRoutes,
  ...workerRoutes,
  ...scheduleRoutes,
  ...alertRoutes,
  ...lakeRoutes,
};

/** The whole API. A new area adds its routes here, and is thereby mounted, documented, fuzzed and in the permission matrix. */
export const routes = { ...domainRoutes, ...systemRoutes };
export type Routes = typeof routes;
export type RouteName = keyof Routes;
export const routeEntries = Object.entries(routes) as [RouteName, RouteSpec][];

export const API_PREFIX = '/api/v1';
/** Names the workspace of a request that comes with a session; a token is bound to one and needs no header. */
export const WORKSPACE_HEADER = 'moulin-workspace';
