import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Store } from '../../base/db/index.ts';
import type { Clock } from '../../base/kit/clock.ts';
import { isFailure } from '../../base/kit/errors.ts';
import type { PartState } from '../../contract/system.ts';
import type { EventHub } from './event-hub.ts';
import { isFromInside } from './inside.ts';
import type { HealthCheck, ServerParts } from './parts.ts';

export interface Health {
  parts(): Promise<PartState[]>;
}

const CHECK_SECONDS = 3;
/** Who asks a hundred times a second is answered a hundred times, and the parts are asked once. */
const FRESH_MS = 1000;

export function openHealth(checks: readonly HealthCheck[], clock: Clock): Health {
  let asked_at = Number.NEGATIVE_INFINITY;
  let answer: Promise<PartState[]> = Promise.resolve([]);
  return {
    parts() {
      const now = clock.monotonic();
      if (now - asked_at < FRESH_MS) return answer;
      asked_at = now;
      answer = Promise.all(checks.map(runCheck));
      return answer;
    },
  };
}

/** A part that does not answer is down, and holds up nobody. */
async function runCheck({ name, check }: HealthCheck): Promise<PartState> {
  const late = new AbortController();
  const deadline = delay(CHECK_SECONDS * 1000, undefined, { signal: late.signal, ref: false });
  const asked = check().catch((error: unknown) => down(reasonOf(error)));
  try {
    const state = await Promise.race([asked, deadline]);
    return { name, ...(state ?? down(`No answer within ${CHECK_SECONDS} s.`)) };
  } finally {
    deadline.catch(() => {});
    late.abort();
  }
}

function down(detail: string): Omit<PartState, 'name'> {
  return { state: 'down', detail, facts: {} };
}

function reasonOf(error: unknown): string {
  if (isFailure(error)) return error.message;
  return error instanceof Error && error.message !== '' ? error.message : 'It failed without a reason.';
}

/**
 * /health/live says that the process turns its wheel, and asks nobody: one outage of the database must not make an
 * orchestrator restart every server. /health/ready says whether requests make sense now, and which part is in the way.
 */
export function mountHealth(app: FastifyInstance, health: Health, parts: ServerParts): void {
  app.get('/health/live', { config: { name: 'health.live' } }, async (_, reply) =>
    reply.header('cache-control', 'no-store').send({ live: true }),
  );
  app.get('/health/ready', { config: { name: 'health.ready' } }, async (request, reply) => {
    const states = await health.parts();
    const ready = states.every(part => part.state !== 'down');
    const shown = (await mayKnow(request, parts)) ? states : states.map(withoutDetail);
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ ready, parts: shown });
  });
}

/** Strangers learn which part is down; paths, sizes and versions are for those inside. */
function withoutDetail(part: PartState): PartState {
  return { ...part, detail: '', facts: {} };
}

/** The store may be the part that is down: then nobody can be recognised, and nobody is told more. */
async function mayKnow(request: FastifyRequest, parts: ServerParts): Promise<boolean> {
  return isFromInside(request, parts).catch(() => false);
}

// ── Parts that the server's composition asks for ────────────────────────────────────────────────────

export function storeCheck(store: Pick<Store, 'health'>): HealthCheck {
  return {
    name: 'store',
    async check() {
      const { state, detail, postgres_version, schema_version, size_bytes } = await store.health();
      const facts: PartState['facts'] =
        state === 'ok' ? { postgres_version, schema_version, size_bytes } : {};
      return { state, detail, facts };
    },
  };
}

/** Another server of a newer version may have migrated the store that this one still serves. */
export function migrationsCheck(store: Pick<Store, 'health'>, expected: number): HealthCheck {
  return {
    name: 'migrations',
    async check() {
      const { state, schema_version } = await store.health();
      const facts = { expected, found: schema_version };
      if (state === 'down') return { state, detail: 'The store does not say.', facts: { expected } };
      if (schema_version === expected) return { state: 'ok', detail: '', facts };
      const detail = `The store is at schema ${schema_version}, this server knows ${expected}. Restart it with the version that the others run.`;
      return { state: 'degraded', detail, facts };
    },
  };
}

const LITTLE_BYTES = 1024 ** 3;
const TOO_LITTLE_BYTES = 100 * 1024 ** 2;

export function diskCheck(folder: string): HealthCheck {
  return {
    name: 'disk',
    async check() {
      const { free_bytes, total_bytes } = await diskSpace(folder);
      const facts = { free_bytes, total_bytes };
      if (free_bytes >= LITTLE_BYTES) return { state: 'ok', detail: '', facts };
      const free = Math.round(free_bytes / 1024 ** 2);
      const detail = `Only ${free} MB are free where ${folder} is. Make room: below 100 MB nothing is safe.`;
      return { state: free_bytes < TOO_LITTLE_BYTES ? 'down' : 'degraded', detail, facts };
    },
  };
}

export async function diskSpace(folder: string): Promise<{ free_bytes: number; total_bytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
}

export function eventsCheck(hub: EventHub, clock: Clock): HealthCheck {
  return {
    name: 'events',
    async check() {
      const { position, failing_since } = hub.lag();
      if (failing_since === null) return { state: 'ok', detail: '', facts: { position } };
      const seconds = Math.round((clock.now() - failing_since) / 1000);
      const detail = `The event stream could not be read for ${seconds} s; live pages are stale until it can.`;
      return { state: 'degraded', detail, facts: { position } };
    },
  };
}
