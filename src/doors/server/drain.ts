import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { fail } from '../../base/kit/errors.ts';

/** Stopping in good order: nobody new, streams say goodbye, what runs may finish, and then nothing is waited for. */
export function drainOnClose(app: FastifyInstance, drain_ms: number, goodbye: () => void): void {
  let closing = false;
  let running = 0;
  const { promise: all_done, resolve: done } = Promise.withResolvers<void>();
  const settle = () => {
    if (closing && running === 0) done();
  };

  app.addHook('onRequest', async (_, reply) => {
    running += 1;
    reply.raw.once('close', () => {
      running -= 1;
      settle();
    });
    // On a connection that was open already; a new one finds no listener.
    if (closing) throw fail('server.stopping');
  });
  app.addHook('onSend', async (_, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    closing = true;
    app.server.close();
    goodbye();
    settle();
    const late = new AbortController();
    await Promise.race([all_done, delay(drain_ms, undefined, { signal: late.signal })]);
    late.abort();
    // Browsers hold connections on which nothing was ever asked; closing would wait for them to be given up.
    app.server.closeAllConnections();
  });
}
