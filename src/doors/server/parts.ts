import type { Clock } from '../../base/kit/clock.ts';
import type { Log } from '../../base/kit/log.ts';
import type { MetricFamily } from '../../base/kit/metrics.ts';
import type { Redactor } from '../../base/kit/redact.ts';
import type { Config } from '../../contract/config.ts';
import type { Permission } from '../../contract/permissions.ts';
import type { Principal } from '../../contract/principal.ts';
import type { Call, Handlers, Origin, StreamReply } from '../../contract/route.ts';
import type { domainRoutes } from '../../contract/routes.ts';
import type { Event, PartState, System } from '../../contract/system.ts';
import type { Catalog } from '../../domains/lakehouse/index.ts';
import type { IdempotencyStore } from './idempotency.ts';

/** Everything that the HTTP door needs and does not make: the composition root gives it, tests give their own. */
export interface ServerParts {
  config: ServerConfig;
  instance_id: string;
  /** Of Moulin. */
  version: string;
  handlers: Handlers<typeof domainRoutes>;
  identify: Identify;
  /** A known caller was refused; for the audit log. */
  denied?: (denied: DeniedRequest) => Promise<void>;
  idempotency: IdempotencyStore;
  events: EventReader;
  /** The parts that /health/ready looks at. */
  checks: readonly HealthCheck[];
  /** What the system page shows beside the state of the parts. */
  describe: () => Promise<Omit<System, 'parts'>>;
  /** A backup as a stream, told in the audit log. */
  backup: (call: Pick<Call, 'principal' | 'origin'> & { query: { lake: boolean } }) => Promise<StreamReply>;
  /** The Iceberg REST catalog, at /iceberg. */
  catalog?: Catalog;
  /** The built web UI; undefined or empty when it was not built. */
  web_folder: string | undefined;
  log: Log;
  redactor: Pick<Redactor, 'redact'>;
  clock: Clock;
  /** For the metrics; where the store counts them. */
  store_connections?: () => { used: number; idle: number; waiting: number };
  /** Numbers that are read at each scrape and that this process does not keep. */
  metrics?: () => Promise<readonly MetricFamily[]>;
  limits?: Partial<ServerLimits>;
}

export type ServerConfig = Pick<Config, 'host' | 'public_url' | 'tls' | 'trusted_proxies' | 'insecure_http'>;

export interface Credentials {
  session_token?: string;
  bearer?: string;
  /** Slug or id, as the request named it. */
  workspace_ref?: string;
}

/** Throws `auth.invalid` for bad credentials, `object.not_found` for a workspace that the caller cannot see. */
export type Identify = (
  credentials: Credentials,
  /** `passive`: only looks; a stream that checks itself must not keep a session from idling out. */
  options?: { passive?: boolean },
) => Promise<{ principal?: Principal; workspace_id?: string }>;

export interface DeniedRequest {
  principal: Principal;
  /** Where the route is about one. */
  workspace_id?: string;
  permission: Permission;
  /** The route's name in the table. */
  route: string;
  origin: Origin;
}

/** The durable event stream as this door sees it. */
export interface EventReader {
  /** In order of position; `types` are beginnings; without a workspace, those of all. */
  read(
    after: string,
    filter: { workspace_id?: string; types?: readonly string[]; limit: number },
  ): Promise<Event[]>;
  /** The position of the newest event that can be read, and of the oldest one that is still kept; 0 when there is none. */
  head(): Promise<string>;
  oldest(): Promise<string>;
  /** Called when there may be something new; only a hint. */
  subscribe(wake: () => void): () => void;
}

export interface HealthCheck {
  name: string;
  check: () => Promise<Omit<PartState, 'name'>>;
}

export interface ServerLimits {
  body_bytes: number;
  header_bytes: number;
  connections: number;
  /** A request that has not arrived completely by then is dropped. */
  request_ms: number;
  headers_ms: number;
  /** How often slow senders are looked for. */
  check_ms: number;
  /** An answer that is not ready by then is given up. */
  handler_ms: number;
  /** A connection on which nothing moves; longer than the heartbeat of a stream. */
  idle_ms: number;
  streams_per_principal: number;
  streams: number;
  heartbeat_ms: number;
  /** A stream whose client has not read for so long is dropped; it resumes when it comes back. */
  stalled_ms: number;
  /** How often a stream asks whether its caller may still listen. */
  recheck_ms: number;
  /** What runs when the server stops may take so long to finish. */
  drain_ms: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  body_bytes: 1024 * 1024,
  header_bytes: 16 * 1024,
  connections: 4096,
  request_ms: 60_000,
  headers_ms: 15_000,
  check_ms: 5000,
  handler_ms: 30_000,
  idle_ms: 120_000,
  streams_per_principal: 32,
  streams: 2000,
  heartbeat_ms: 15_000,
  stalled_ms: 30_000,
  recheck_ms: 30_000,
  drain_ms: 8000,
};
