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
type Input<S, Otherwise = undefined> = S extends z.ZodType ? z.input<S> : Otherwise;

export interface StreamReply {
  content_type: string;
  file_name?: string;
  body: AsyncIterable<string | Uint8Array>;
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
  /** Present on every route that is not `public`; on a public one, when the caller is known all the same. */
  principal: R['permission'] extends 'public' ? Principal | undefined : Principal;
  /** The workspace the request is about; empty string on routes without one (`public`, `signed_in`, instance rights). */
  workspace_id: string;
  /** The version from `If-Match`; present on routes with `etag: 'write'`. */
  version: number;
  origin: Origin;
  signal: AbortSignal;
  /** The browser session: handlers decide, the server turns it into a cookie. */
  session: { start(token: string, expires_at: string): void; end(): void };
  redirect(location: string): void;
}

export type Output<R extends RouteSpec> = R['output'] extends z.ZodType
  ? z.input<R['output']>
  : R['output'] extends 'stream'
    ? StreamReply
    : undefined;

export type Handler<R extends RouteSpec> = (call: Call<R>) => Promise<Output<R>>;
export type Handlers<T extends Record<string, RouteSpec>> = { [K in keyof T]: Handler<T[K]> };

/** What a client must give and what it gets: the same line seen from the other side. */
export type ClientInput<R extends RouteSpec> = {
  params: Input<R['params']>;
  query?: Input<R['query']>;
  body: Input<R['body']>;
};
export type ClientOutput<R extends RouteSpec> = R['output'] extends z.ZodType
  ? z.output<R['output']>
  : undefined;

export function defineRoutes<const T extends Record<string, RouteSpec>>(routes: T): T {
  return routes;
}
