import {
  infiniteQueryOptions,
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  queryOptions,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { createContext, useContext, useEffect } from 'react';
import { ApiError, type CallOptions, createClient, isApiError } from '../../src/contract/client.ts';
import type { ClientInput, ClientOutput } from '../../src/contract/route.ts';
import type { RouteName, Routes } from '../../src/contract/routes.ts';

export type { RouteName, Routes };
export { ApiError, isApiError };

export type ApiInput<N extends RouteName> = ClientInput<Routes[N]>;
export type ApiOutput<N extends RouteName> = ClientOutput<Routes[N]>;
/** Routes that answer `{ items, next_cursor }`. */
export type ListRoute = {
  [N in RouteName]: ApiOutput<N> extends { items: unknown[]; next_cursor: string | null } ? N : never;
}[RouteName];
export type Item<N extends ListRoute> =
  ApiOutput<N> extends { items: (infer Row)[]; next_cursor: string | null } ? Row : never;

const client = createClient();
const PAGE_ROWS = 500;
/** Beyond this a list is not for reading: the page says so, and the filters of the server are the way. */
export const MOST_ROWS = 5000;

/** The workspace that calls below it are about; none on the pages of the account and of the installation. */
export const WorkspaceScope = createContext<string | undefined>(undefined);

/** One call, outside of any cache. The types are those of the route; the table of functions is the client's. */
export function callApi<N extends RouteName>(
  name: N,
  argument: ApiInput<N>,
  options: CallOptions = {},
): Promise<ApiOutput<N>> {
  const method = client[name] as (given: object) => Promise<ApiOutput<N>>;
  return method({ ...(argument as object), ...options });
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────

/** The first element names the route: changes and live events make all reads of a route stale by it. */
export function apiQuery<N extends RouteName>(name: N, argument: ApiInput<N>, workspace?: string) {
  return queryOptions<ApiOutput<N>, ApiError>({
    queryKey: [name, workspace ?? null, argument],
    queryFn: ({ signal }) => callApi(name, argument, { workspace, signal }),
  });
}

interface ReadOptions {
  enabled?: boolean;
  /** For what changes without an event (figures of a machine): asked again so often while it is looked at. */
  refresh_ms?: number;
}

export function useApi<N extends RouteName>(
  name: N,
  argument: ApiInput<N>,
  options: ReadOptions = {},
): UseQueryResult<ApiOutput<N>, ApiError> {
  const workspace = useContext(WorkspaceScope);
  return useQuery({
    ...apiQuery(name, argument, workspace),
    enabled: options.enabled ?? true,
    refetchInterval: options.refresh_ms ?? false,
  });
}

/** One page of a long list; while the next one loads, this one stays. */
export function useApiPage<N extends ListRoute>(
  name: N,
  argument: ApiInput<N>,
  options: ReadOptions = {},
): UseQueryResult<ApiOutput<N>, ApiError> {
  const workspace = useContext(WorkspaceScope);
  return useQuery({
    ...apiQuery(name, argument, workspace),
    enabled: options.enabled ?? true,
    placeholderData: keepPreviousData,
  });
}

export interface WholeList<Row> {
  rows: Row[] | undefined;
  /** There is more than a list of this kind shows at once. */
  cut: boolean;
  error: ApiError | null;
  loading: boolean;
  updated_at: number;
  retry(): void;
}

/** All rows of a list of modest size, page after page, so that it can be sorted and searched in place. */
export function useApiList<N extends ListRoute>(
  name: N,
  argument: ApiInput<N>,
  options: ReadOptions = {},
): WholeList<Item<N>> {
  const workspace = useContext(WorkspaceScope);
  const query = useInfiniteQuery({
    ...wholeList(name, argument, workspace),
    enabled: options.enabled ?? true,
  });
  const rows = query.data?.pages.flatMap(page => page.items);
  const wants = query.hasNextPage && !query.isFetching && !query.isError && (rows?.length ?? 0) < MOST_ROWS;
  useEffect(() => {
    if (wants) void query.fetchNextPage();
  }, [wants, query.fetchNextPage]);
  return {
    rows,
    cut: query.hasNextPage && (rows?.length ?? 0) >= MOST_ROWS,
    error: query.error,
    loading: query.isPending,
    updated_at: query.dataUpdatedAt,
    retry: () => void query.refetch(),
  };
}

export interface Page<Row> {
  items: Row[];
  next_cursor: string | null;
}

function wholeList<N extends ListRoute>(name: N, argument: ApiInput<N>, workspace: string | undefined) {
  const read = callApi as unknown as (
    name: N,
    argument: object,
    options: CallOptions,
  ) => Promise<Page<Item<N>>>;
  const given: { query?: object } = argument;
  return infiniteQueryOptions<
    Page<Item<N>>,
    ApiError,
    { pages: Page<Item<N>>[] },
    readonly unknown[],
    string | null
  >({
    queryKey: [name, workspace ?? null, { ...argument, whole: true }],
    queryFn: ({ signal, pageParam }) =>
      read(
        name,
        { ...given, query: { ...given.query, limit: PAGE_ROWS, cursor: pageParam ?? undefined } },
        { workspace, signal },
      ),
    initialPageParam: null,
    getNextPageParam: page => page.next_cursor,
  });
}

// ── Changing ────────────────────────────────────────────────────────────────────────────────────────

interface ChangeOptions<N extends RouteName> {
  /** Beginnings of route names whose reads are stale afterwards; the route's own noun always is. */
  also?: readonly string[];
  onDone?: (answer: ApiOutput<N>, argument: ApiInput<N>) => void;
}

export function useApiChange<N extends RouteName>(
  name: N,
  options: ChangeOptions<N> = {},
): UseMutationResult<ApiOutput<N>, ApiError, ApiInput<N>> {
  const workspace = useContext(WorkspaceScope);
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (argument: ApiInput<N>) => callApi(name, argument, { workspace }),
    onSuccess: async (answer, argument) => {
      options.onDone?.(answer, argument);
      await makeStale(queries, [nounOf(name), ...(options.also ?? [])]);
    },
  });
}

/** Every cached read whose route begins with one of these is asked again if it is on screen, and later if not. */
export function makeStale(queries: QueryClient, beginnings: readonly string[]): Promise<void> {
  return queries.invalidateQueries({
    predicate: query => beginnings.some(beginning => isUnder(String(query.queryKey[0]), beginning)),
  });
}

/** `members.edit` is under `members` and under `members.edit`, but not under `member`. */
export function isUnder(name: string, beginning: string): boolean {
  return name === beginning || name.startsWith(`${beginning}.`);
}

function nounOf(name: string): string {
  return name.split('.', 1)[0] ?? name;
}

// ── The cache ───────────────────────────────────────────────────────────────────────────────────────

const RETRIES = 2;

/** `signedOut` hears of every answer that says the session is over, whatever asked. */
export function createQueries(signedOut: () => void): QueryClient {
  const onError = (error: Error) => {
    if (isSignedOut(error)) signedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (count, error) => count < RETRIES && isTransient(error),
        // The network state of the browser says nothing about a server on the same machine.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}

export function isSignedOut(error: unknown): boolean {
  return isApiError(error, 'auth.required') || isApiError(error, 'auth.invalid');
}

/** Would asking again help? The same table as the server's `retry: 'transient'`, by status. */
export function isTransient(error: unknown): boolean {
  return error instanceof ApiError && [408, 502, 503, 504].includes(error.problem.status);
}
