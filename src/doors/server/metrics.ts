import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { fail } from '../../base/kit/errors.ts';
import { type MetricFamily, metricsText } from '../../base/kit/metrics.ts';
import { isFromInside } from './inside.ts';
import type { ServerParts } from './parts.ts';

export interface Metrics {
  observe(request: FastifyRequest, reply: FastifyReply): void;
  text(): Promise<string>;
  content_type: string;
}

/** Numbers that others keep, asked for at each scrape. */
export interface Gauges {
  streams: () => number;
  /** Undefined while the store does not say. */
  store_connections?: (() => { used: number; idle: number; waiting: number }) | undefined;
  /** From the store; all others are there without them. */
  others?: (() => Promise<readonly MetricFamily[]>) | undefined;
}

const OTHERS_MS = 3000;

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function openMetrics(gauges: Gauges): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 50 });
  const durations = new Histogram({
    name: 'moulin_http_request_duration_seconds',
    help: 'Time until the answer was out, by route. Streams are not in it.',
    labelNames: ['route', 'method', 'status'] as const,
    buckets: SECONDS,
    registers: [register],
  });
  gauge(register, 'moulin_event_streams', 'Open server-sent event streams.', gauges.streams);
  const { store_connections } = gauges;
  if (store_connections)
    for (const state of ['used', 'idle', 'waiting'] as const)
      gauge(
        register,
        `moulin_store_connections_${state}`,
        `Connections to the metadata store: ${state}.`,
        () => store_connections()[state],
      );

  return {
    observe(request, reply) {
      const route = request.routeOptions.config.name ?? (request.is404 ? 'none' : 'static');
      if (route === 'events.stream') return;
      const labels = { route, method: request.method, status: String(reply.statusCode) };
      durations.observe(labels, reply.elapsedTime / 1000);
    },
    text: async () => (await register.metrics()) + metricsText(await readOthers(gauges.others)),
    content_type: register.contentType,
  };
}

/** A store that is away, or slow, takes its numbers with it and nothing else; whether they are there is a number too. */
async function readOthers(read: Gauges['others']): Promise<MetricFamily[]> {
  if (!read) return [];
  const late = new AbortController();
  const deadline = delay(OTHERS_MS, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
  const found = await Promise.race([read().catch(() => undefined), deadline]);
  late.abort();
  const is_read: MetricFamily = {
    name: 'moulin_queue_is_read',
    help: 'Whether the store answered for the queue and the workers: where it is 0, their numbers are missing.',
    type: 'gauge',
    samples: [{ value: found ? 1 : 0 }],
  };
  return [is_read, ...(found ?? [])];
}

function gauge(register: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [register],
    collect() {
      this.set(read());
    },
  });
}

export function mountMetrics(app: FastifyInstance, metrics: Metrics, parts: ServerParts): void {
  app.get('/metrics', { config: { name: 'metrics' } }, async (request, reply) => {
    if (!(await isFromInside(request, parts)))
      throw fail('auth.forbidden', { permission: 'instance:health' });
    return reply
      .type(metrics.content_type)
      .header('cache-control', 'no-store')
      .send(await metrics.text());
  });
}
