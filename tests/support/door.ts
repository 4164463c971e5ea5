import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../../src/base/kit/clock.ts';
import { fail } from '../../src/base/kit/errors.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { openLog } from '../../src/base/kit/log.ts';
import { createRedactor } from '../../src/base/kit/redact.ts';
import { EVERY_SCOPE, ROLES } from '../../src/contract/permissions.ts';
import type { Principal } from '../../src/contract/principal.ts';
import { routeEntries } from '../../src/contract/routes.ts';
import type { Event } from '../../src/contract/system.ts';
import { buildServer } from '../../src/doors/server/app.ts';
import type { Stored } from '../../src/doors/server/idempotency.ts';
import type { EventReader, ServerLimits, ServerParts } from '../../src/doors/server/parts.ts';

// The door alone, for tests of what is the door's: its ports are plain objects in memory, and every handler is the one the
// test gives. The same door with the real store and the real access is tested in tests/.

export const INSTANCE_ID = '01987b2c-7f3a-7c1e-9d55-0a4be91c6f20';
export const WORKSPACE_ID = '01987b2c-0000-7000-8000-000000000001';
export const OTHER_WORKSPACE_ID = '01987b2c-0000-7000-8000-000000000002';

/** A browser on our own page. */
export const BROWSER = { cookie: 'moulin_01987b2c=session-of-ada', 'sec-fetch-site': 'same-origin' };
export const JSON_TYPE = { 'content-type': 'application/json' };
export const TOKEN = { authorization: 'Bearer token-of-ada' };
export const IN_MAIN = { 'moulin-workspace': 'main' };

type Handler = (call: never) => Promise<unknown>;

export interface Fixture {
  app: FastifyInstance;
  /** What was logged, one line each. */
  lines: Record<string, unknown>[];
  events: MemoryEvents;
  /** Credentials that stopped working. */
  revoked: Set<string>;
  /** Routes that somebody known was denied. */
  denials: string[];
  /** How often somebody was identified. */
  asked: { count: number; passive: number };
}

export interface FixtureOptions {
  /** By route name; the others throw when they are reached. */
  handlers?: Record<string, Handler>;
  parts?: Partial<ServerParts>;
  limits?: Partial<ServerLimits>;
}

export async function openFixture(t: TestContext, options: FixtureOptions = {}): Promise<Fixture> {
  const lines: Record<string, unknown>[] = [];
  const events = memoryEvents();
  const revoked = new Set<string>();
  const asked = { count: 0, passive: 0 };
  const denials: string[] = [];
  const log = openLog({
    level: 'debug',
    format: 'json',
    clock: systemClock,
    redact: text => text,
    console: line => lines.push(JSON.parse(line)),
  });
  const parts: ServerParts = {
    config: {
      host: '127.0.0.1',
      public_url: null,
      tls: { cert: null, key: null },
      trusted_proxies: [],
      insecure_http: false,
    },
    instance_id: INSTANCE_ID,
    version: '0.0.0',
    handlers: allHandlers(options.handlers ?? {}),
    identify: async (credentials, how) => {
      asked.count += 1;
      if (how?.passive) asked.passive += 1;
      return identify(credentials, revoked);
    },
    denied: async ({ route }) => void denials.push(route),
    idempotency: memoryIdempotency(),
    events,
    redactor: createRedactor(),
    backup: async () => ({ content_type: 'application/x-tar', body: Readable.from([]) }),
    checks: [],
    describe: async () => {
      throw new Error('not described here');
    },
    web_folder: undefined,
    log: log.log,
    clock: systemClock,
    ...options.parts,
    limits: { heartbeat_ms: 50, ...options.limits },
  };
  const app = await buildServer(parts);
  t.after(() => app.close());
  return { app, lines, events, revoked, asked, denials };
}

function allHandlers(given: Record<string, Handler>): ServerParts['handlers'] {
  const unexpected = (name: string) => async () => {
    throw new Error(`nobody expected a call of ${name}`);
  };
  const names = routeEntries.map(([name]) => name).filter(name => !/^(system|events)\./.test(name));
  return Object.fromEntries(
    names.map(name => [name, given[name] ?? unexpected(name)]),
  ) as unknown as ServerParts['handlers'];
}

/** `token-of-ROLE` and `session-of-ROLE`; ada owns the workspace. Workspaces are known by slug or id. */
async function identify(
  { bearer, session_token, workspace_ref }: Parameters<ServerParts['identify']>[0],
  revoked: ReadonlySet<string>,
) {
  const credential = bearer ?? session_token ?? '';
  const who = /^(?:token|session)-of-(\w+)$/.exec(credential)?.[1];
  if (who === undefined || revoked.has(credential)) throw fail('auth.invalid');
  const workspaces: Record<string, string> = {
    main: WORKSPACE_ID,
    [WORKSPACE_ID]: WORKSPACE_ID,
    other: OTHER_WORKSPACE_ID,
  };
  const workspace_id = workspace_ref === undefined ? undefined : workspaces[workspace_ref];
  if (workspace_ref !== undefined && workspace_id === undefined)
    throw fail('object.not_found', { kind: 'workspace', id: workspace_ref });
  const role = ROLES.find(name => name === who) ?? 'owner';
  const principal: Principal = {
    kind: 'person',
    id: who,
    name: who,
    role,
    instance_rights: who === 'ada' ? ['instance:health', 'instance:workspaces'] : [],
    scopes: [...EVERY_SCOPE],
  };
  return { principal, workspace_id };
}

function memoryIdempotency(): ServerParts['idempotency'] {
  const rows = new Map<string, Stored>();
  const at = ({ scope, key }: { scope: string; key: string }) => `${scope}\n${key}`;
  return {
    async claim(entry) {
      const found = rows.get(at(entry));
      if (!found)
        rows.set(at(entry), {
          request_hash: entry.request_hash,
          status: null,
          sealed: null,
          interrupted: false,
        });
      return found && { ...found };
    },
    async complete(entry) {
      const { status, sealed } = entry;
      const row = rows.get(at(entry));
      if (row) rows.set(at(entry), { ...row, status, sealed });
    },
    async release(entry) {
      rows.delete(at(entry));
    },
    async interrupt(entry) {
      const row = rows.get(at(entry));
      if (row) rows.set(at(entry), { ...row, interrupted: true });
    },
    sweep: async () => 0,
  };
}

export interface MemoryEvents extends EventReader {
  append(type: string, more?: Partial<Event>): Event;
  /** Forgets what came up to this position, as retention does. */
  forget(position: number): void;
  /** How often the events of all workspaces, and of one, were read. */
  reads: { all: number; one: number };
  failing: boolean;
}

export function memoryEvents(): MemoryEvents {
  let stored: Event[] = [];
  let last = 0;
  const wakes = new Set<() => void>();
  const reads = { all: 0, one: 0 };
  const events: MemoryEvents = {
    reads,
    failing: false,
    append(type, more = {}) {
      last += 1;
      const event: Event = {
        position: String(last),
        id: newId(),
        workspace_id: WORKSPACE_ID,
        type,
        version: 1,
        subject: 's',
        actor: null,
        cause: null,
        payload: {},
        at: '2026-11-21T12:00:00.000000Z',
        ...more,
      };
      stored.push(event);
      for (const wake of wakes) wake();
      return event;
    },
    forget(position) {
      stored = stored.filter(event => Number(event.position) > position);
    },
    async read(after, { workspace_id, types = [], limit }) {
      if (events.failing) throw fail('server.unavailable', { part: 'The metadata store' });
      if (workspace_id === undefined) reads.all += 1;
      else reads.one += 1;
      return stored
        .filter(event => BigInt(event.position) > BigInt(after))
        .filter(event => workspace_id === undefined || event.workspace_id === workspace_id)
        .filter(event => types.length === 0 || types.some(type => event.type.startsWith(type)))
        .slice(0, limit);
    },
    head: async () => String(last),
    oldest: async () => stored[0]?.position ?? '0',
    subscribe(wake) {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
  };
  return events;
}

/** What a socket answers to these bytes; the server listens already. */
export async function sendRaw(
  app: FastifyInstance,
  bytes: string | Uint8Array,
): Promise<{ status: number; text: string }> {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  const text = await textOf(socket);
  return { status: Number(text.slice(9, 12)), text };
}

/** All that a socket says until it ends. A reset at the end is one: the server did not read what we still sent. */
export async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(Buffer.from(chunk))).on('error', () => {});
  await new Promise(resolve => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}
