import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { Permission } from './permissions.ts';
import type { Principal } from './principal.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One line of the API, as plain data: the server mounts it, the client calls it, the docs and the tests read it. */
export interface RouteSpec {
  method: Method;
  /** Relative to `/api/v1`, parameters as `{id}`. */
  path: `/${string}`;
  summary: string;
  tag: string;
  permission: Permission;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Instead of a body of JSON: bytes (application/octet-stream), handed on to the handler as they come. */
  bytes?: true;
  /** Headers that the handler reads itself, by lower-case name; those that all routes share are not listed. */
  headers?: z.ZodObject;
  /** A schema; `'empty'` for 204; `'stream'` when the handler returns a `StreamReply`. */
  output: z.ZodType | 'empty' | 'stream';
  /** Success status: 200 unless said, 204 for `'empty'`. */
  status?: 200 | 201 | 202;
  errors?: readonly ErrorCode[];
  /** Creates or starts something: an `Idempotency-Key` header makes a repetition answer what the first call answered. */
  idempotent?: true;
  /** `read`: the answer's `version` becomes its ETag. `write`: `If-Match` is required (428) and must match (412). */
  etag?: 'read' | 'write';
  /** Bytes a body may have; 1 MiB unless said. */
  body_limit?: number;
}

type Infer<S, Otherwise = undefined> = S extends z.ZodType ? z.output<S> : Otherwise;

export interface StreamReply {
  content_type: string;
  file_name?: string;
  /** Asked for the next piece only when the client has taken the last one. */
  body: AsyncIterable<string | Uint8Array>;
  /** Aborted to end a stream whose client does not read, and who therefore would never ask for its end. */
  cut?: AbortSignal;
}

/** Where a request came from; what audit and throttling need of it. */
export interface Origin {
  request_id: string;
  ip: string;
  user_agent: string;
}

/** What a handler receives. Everything in it is already validated and authorised. */
export interface Call<R extends RouteSpec = RouteSpec> {
  params: Infer<R['params']>;
  query: Infer<R['query']>;
  body: Infer<R['body']>;
  /** Of a route with `bytes`; ends with an error where the client broke off or sent more than it may. */
  bytes: R['bytes'] extends true ? AsyncIterable<Uint8Array> : undefined;
  headers: Infer<R['headers']>;
  /** Present on every route that is not `public`; on a public one, when the caller is known all the same. */
  principal: R['permission'] extends 'public' ? Principal | undefined : Principal;
  /** The workspace the request is about; empty string on routes without one (`public`, `signed_in`, instance rights). */
  workspace_id: string;
  /** The version from `If-Match`; present on routes with `etag: 'write'`. */
  version: number;
  origin: Origin;
  /** Aborted when the answer is out or the client is gone. */
  signal: AbortSignal;
  /** For what lasts longer than a moment: throws when the caller may not do this any more. Does not count as activity. */
  recheck(): Promise<void>;
  /** The browser session: handlers decide, the server turns it into a cookie. */
  session: { start(token: string, expires_at: string): void; end(): void };
  /**
   * A short value that this browser, and no other, brings back: what binds an OIDC answer to the browser that asked.
   * HttpOnly, SameSite=Lax (the identity provider's redirect is a navigation from another site).
   */
  browser: {
    recall(name: string): string | undefined;
    keep(name: string, value: string, seconds: number): void;
    forget(name: string): void;
  };
  redirect(location: string): void;
}

export type Output<R extends RouteSpec> = R['output'] extends z.ZodType
  ? z.input<R['output']>
  : R['output'] extends 'stream'
    ? StreamReply
    : undefined;

export type Handler<R extends RouteSpec> = (call: Call<R>) => Promise<Output<R>>;
export type Handlers<T extends Record<string, RouteSpec>> = { [K in keyof T]: Handler<T[K]> };

/** What a client must give: a part that is all optional may be left out. */
export type ClientInput<R extends RouteSpec> = Part<'params', R['params']> &
  Part<'query', R['query']> &
  Part<'body', R['body']> &
  (R['bytes'] extends true ? { bytes: Uint8Array<ArrayBuffer> | Blob } : unknown) &
  (R['etag'] extends 'write' ? { version: number } : unknown);

type Part<Name extends string, S> = S extends z.ZodType
  ? Record<string, never> extends z.input<S>
    ? { [K in Name]?: z.input<S> }
    : { [K in Name]: z.input<S> }
  : unknown;

/** What a client gets back. */
export type ClientOutput<R extends RouteSpec> = R['output'] extends z.ZodType
  ? z.output<R['output']>
  : R['output'] extends 'stream'
    ? StreamAnswer
    : undefined;

export interface StreamAnswer {
  content_type: string;
  file_name: string | undefined;
  body: ReadableStream<Uint8Array>;
}

/** What a client needs of a route: generated into `route-index.ts`, so that a browser loads no schema to make a call. */
export interface RouteLine {
  method: Method;
  path: `/${string}`;
  output: 'json' | 'empty' | 'stream';
  idempotent?: true;
  bytes?: true;
}

export function defineRoutes<const T extends Record<string, RouteSpec>>(routes: T): T {
  return routes;
}
