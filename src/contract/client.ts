import type { Problem } from './errors.ts';
import type { ClientInput, ClientOutput, RouteLine, RouteSpec, StreamAnswer } from './route.ts';
import { routeIndex } from './route-index.ts';
import type { Routes } from './routes.ts';

// Types come from the route table, values from the small generated index: a page that calls the API loads no schema.

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** `''` in a browser: the address of the page. */
  base_url?: string;
  /** The global one unless given: tests and the command line bring their own. */
  fetch?: Fetch;
  /** Asked at each call: `Authorization` of a token that may change. */
  headers?: () => Record<string, string>;
  /** Slug or id; asked at each call, because a page may move between workspaces. */
  workspace?: () => string | undefined;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Slug or id; wins over the client's own. */
  workspace?: string;
  /** Made anew for each call unless given: give the same one again to repeat a call safely. */
  idempotency_key?: string;
}

type Argument<R extends RouteSpec> = ClientInput<R> & CallOptions;
type Method<R extends RouteSpec> =
  Record<string, never> extends ClientInput<R>
    ? (argument?: Argument<R>) => Promise<ClientOutput<R>>
    : (argument: Argument<R>) => Promise<ClientOutput<R>>;

/** One function per route, by its name: `client['members.list']({ query: { limit: 10 } })`. */
export type Client = { [Name in keyof Routes]: Method<Routes[Name]> };

/** Every refusal: `problem` is what the server said, or what the client says when no Moulin answered. */
export class ApiError extends Error {
  readonly problem: Problem;
  /** Seconds, when the server named a time. */
  readonly retry_after: number | undefined;

  constructor(problem: Problem, options: { retry_after?: number; cause?: unknown } = {}) {
    super(problem.detail, { cause: options.cause });
    this.name = 'ApiError';
    this.problem = problem;
    this.retry_after = options.retry_after;
  }
}

export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.problem.code === code);
}

export function createClient(options: ClientOptions = {}): Client {
  const methods = Object.entries(routeIndex).map(([name, line]) => [
    name,
    (argument: LooseArgument = {}) => callRoute(options, line, argument),
  ]);
  return Object.fromEntries(methods);
}

/** The address of a route, for what is not fetched: a download link, an `EventSource`. */
export function urlOf<Name extends keyof Routes>(
  name: Name,
  argument: ClientInput<Routes[Name]> & LooseArgument,
  base_url = '',
): string {
  return address(base_url, routeIndex[name], argument);
}

interface LooseArgument extends CallOptions {
  params?: object;
  query?: object;
  body?: unknown;
  bytes?: Uint8Array<ArrayBuffer> | Blob;
  version?: number;
}

async function callRoute(options: ClientOptions, line: RouteLine, argument: LooseArgument): Promise<unknown> {
  const url = address(options.base_url ?? '', line, argument);
  const init = requestOf(options, line, argument);
  const response = await send(options.fetch ?? fetch, url, init, line.idempotent === true);
  if (!response.ok) throw await refusal(response);
  if (line.output === 'stream') return streamAnswer(response);
  return response.status === 204 ? undefined : readJson(response);
}

function address(base_url: string, line: RouteLine, argument: LooseArgument): string {
  const values = new Map<string, unknown>(Object.entries(argument.params ?? {}));
  const path = line.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(values.get(name))),
  );
  return `${base_url.replace(/\/+$/, '')}/api/v1${path}${queryOf(argument.query ?? {})}`;
}

function queryOf(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(
    given.map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
  return text === '' ? '' : `?${text}`;
}

function requestOf(options: ClientOptions, line: RouteLine, argument: LooseArgument): RequestInit {
  const workspace = argument.workspace ?? options.workspace?.();
  const changes = line.method !== 'GET';
  return {
    method: line.method,
    headers: {
      accept: 'application/json',
      ...options.headers?.(),
      // Also without a body: it is what makes another site's form or script ask first (CORS) and fail.
      ...(changes && { 'content-type': line.bytes ? 'application/octet-stream' : 'application/json' }),
      ...(workspace !== undefined && { 'moulin-workspace': workspace }),
      ...(argument.version !== undefined && { 'if-match': `"${argument.version}"` }),
      ...(line.idempotent && { 'idempotency-key': argument.idempotency_key ?? newKey() }),
    },
    ...(argument.body !== undefined && { body: JSON.stringify(argument.body) }),
    ...(argument.bytes !== undefined && { body: argument.bytes }),
    ...(argument.signal && { signal: argument.signal }),
  };
}

/** `crypto.randomUUID` exists only on secure origins; a plain http address of the office network is none. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** A broken connection says nothing about whether the request took effect; with an idempotency key one asks again. */
async function send(fetch: Fetch, url: string, init: RequestInit, repeatable: boolean): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    if (repeatable) return send(fetch, url, init, false);
    throw new ApiError(unreachable(url, error), { cause: error });
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  const retry_after = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(parseProblem(text) ?? unexpectedAnswer(response), {
    ...(Number.isFinite(retry_after) && { retry_after }),
  });
}

function parseProblem(text: string): Problem | undefined {
  try {
    const body: Problem | null = JSON.parse(text);
    return typeof body?.code === 'string' && typeof body.detail === 'string' ? body : undefined;
  } catch {
    return undefined;
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new ApiError(unexpectedAnswer(response), { cause: error });
  }
}

function streamAnswer(response: Response): StreamAnswer {
  const file_name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  const content_type = response.headers.get('content-type') ?? 'application/octet-stream';
  return { content_type, file_name, body: response.body ?? new ReadableStream() };
}

// The two texts below are those of the catalogue, written again so that the catalogue stays out of the browser's bundle;
// client.test.ts compares them.

function unreachable(url: string, error: unknown): Problem {
  const reason = error instanceof Error ? reasonOf(error) : String(error);
  const server = url.startsWith('/') ? 'the server' : new URL(url).origin;
  return {
    ...clientProblem('client.unreachable', 503, 'Moulin does not answer'),
    detail: `Moulin at ${server} does not answer: ${reason}.`,
    hint: 'Check that it runs (moulin status), the address, and the network between.',
    params: { server, reason },
  };
}

function unexpectedAnswer(response: Response): Problem {
  return {
    ...clientProblem('client.unexpected_answer', 502, 'The answer is not from Moulin'),
    detail: `The answer with status ${response.status} is not one of Moulin's; something between may have sent it.`,
    hint: 'Check the address; behind a proxy, look into its log.',
    params: { status: response.status },
    request_id: response.headers.get('x-request-id') ?? '',
  };
}

function clientProblem(
  code: string,
  status: number,
  title: string,
): Omit<Problem, 'detail' | 'hint' | 'params'> {
  return { type: `urn:moulin:error:${code}`, title, status, code, request_id: '', errors: [] };
}

/** fetch hides the reason ("fetch failed"); what a person needs is in the cause. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
