import type { QueryClient } from '@tanstack/react-query';
import {
  type AnyRoute,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { apiQuery, callApi, createQueries, isApiError, isSignedOut } from './api.ts';
import type { Page } from './area.ts';
import { allPages } from './areas.ts';
import { i18next } from './i18n/i18n.ts';
import { lastWorkspace } from './preferences.ts';
import { safeNext } from './safe-next.ts';
import { meQuery } from './session.ts';
import { BrokenPage } from './shell/broken-page.tsx';
import { Guarded } from './shell/guarded.tsx';
import { NoWorkspace } from './shell/no-workspace.tsx';
import { NotFound, NotFoundOutside } from './shell/not-found.tsx';
import { PendingPage } from './shell/pending-page.tsx';
import { SignedIn } from './shell/signed-in.tsx';
import { WorkspaceFrame } from './shell/workspace-frame.tsx';
import { formatUrlState, parseUrlState } from './url-state.ts';

interface RouterContext {
  queries: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFoundOutside,
});

// ── Open to anybody ─────────────────────────────────────────────────────────────────────────────────

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  // Whoever is signed in already has nothing to do here.
  beforeLoad: async ({ context, search }) => {
    const me = await context.queries.fetchQuery({ ...meQuery, staleTime: 0 }).catch(() => undefined);
    if (me === undefined) return;
    const { next }: { next?: string } = search;
    throw redirect({ href: safeNext(next, location.origin), replace: true });
  },
  loader: ({ context }) =>
    Promise.all([
      i18next.loadNamespaces('sign_in'),
      context.queries.prefetchQuery(apiQuery('sign_in.options', {})),
    ]),
  component: lazyRouteComponent(() => import('./pages/sign-in/sign-in-page.tsx')),
});

const link = createRoute({
  getParentRoute: () => root,
  path: '/link',
  loader: () => i18next.loadNamespaces('sign_in'),
  component: lazyRouteComponent(() => import('./pages/sign-in/link-page.tsx')),
});

// ── Signed in ───────────────────────────────────────────────────────────────────────────────────────

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(meQuery);
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      throw redirect({ to: '/sign-in', search: nextTo(location.href), replace: true });
    }
  },
  component: SignedIn,
  notFoundComponent: NotFound,
});

/** `/` leads to the workspace of the last visit. */
const start = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  beforeLoad: async ({ context }) => {
    const { memberships } = await context.queries.ensureQueryData(meQuery);
    const last = lastWorkspace();
    const chosen = memberships.find(({ workspace }) => workspace.slug === last) ?? memberships[0];
    if (chosen !== undefined) throw redirect({ to: `/w/${chosen.workspace.slug}`, replace: true });
  },
  component: () => <NoWorkspace />,
});

const workspace = createRoute({
  getParentRoute: () => signedIn,
  path: '/w/$workspace',
  // A slug that is not in the list may be a former one, which still answers with the workspace's present name.
  beforeLoad: async ({ context, params, location }) => {
    const { memberships } = await context.queries.ensureQueryData(meQuery);
    if (memberships.some(membership => membership.workspace.slug === params.workspace)) return;
    const present = await callApi('workspace.show', {}, { workspace: params.workspace }).catch(error => {
      if (isApiError(error, 'object.not_found')) return undefined;
      throw error;
    });
    if (present === undefined || present.slug === params.workspace) return;
    const href = location.href.replace(`/w/${params.workspace}`, `/w/${present.slug}`);
    throw redirect({ href, replace: true });
  },
  component: WorkspaceFrame,
  notFoundComponent: NotFound,
});

// ── The areas' pages ────────────────────────────────────────────────────────────────────────────────

/** The tree is built from data; its type is the plain one, because inferring it makes the compiler crawl. */
function pageRoute(parent: AnyRoute, prefix: string, page: Page): AnyRoute {
  const Content = lazyRouteComponent(page.load);
  return createRoute({
    getParentRoute: () => parent,
    path: page.path.slice(prefix.length) || '/',
    loader: async () => {
      await Promise.all([i18next.loadNamespaces([...(page.texts ?? [])]), Content.preload?.()]);
    },
    component: () => (
      <Guarded page={page}>
        <Content />
      </Guarded>
    ),
  });
}

const isOfWorkspace = (page: Page) => page.path.startsWith('/w/$workspace');

const tree: AnyRoute = root.addChildren([
  signIn,
  link,
  ...allPages.filter(page => page.open).map(page => pageRoute(root, '', page)),
  signedIn.addChildren([
    start,
    ...allPages.filter(page => !page.open && !isOfWorkspace(page)).map(page => pageRoute(signedIn, '', page)),
    workspace.addChildren(
      allPages.filter(isOfWorkspace).map(page => pageRoute(workspace, '/w/$workspace', page)),
    ),
  ]),
]);

export function createApp() {
  let leaving = false;
  const queries = createQueries(() => void signedOut());
  const router = createRouter({
    routeTree: tree,
    context: { queries },
    parseSearch: parseUrlState,
    stringifySearch: formatUrlState,
    defaultPreload: 'intent',
    defaultPendingMs: 300,
    defaultPendingComponent: PendingPage,
    defaultErrorComponent: BrokenPage,
    scrollRestoration: true,
  });

  /** The session ended (expired, revoked, signed out in another tab): sign in, then come back here. */
  async function signedOut(): Promise<void> {
    const { pathname, href } = router.state.location;
    if (leaving || ['/sign-in', '/link'].includes(pathname)) return;
    leaving = true;
    await router.navigate({ to: '/sign-in', search: nextTo(href), replace: true });
    // Only now: what is on screen must not ask again for what was taken away.
    queries.clear();
    leaving = false;
  }

  return { queries, router };
}

/** `/` is where one goes anyway. */
function nextTo(href: string): { next?: string } {
  return href === '/' ? {} : { next: href };
}
