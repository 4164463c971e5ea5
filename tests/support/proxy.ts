import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Address } from '../../src/base/db/index.ts';
import { defer } from './defer.ts';

// A wire between Moulin and PostgreSQL that a test can cut, and mend.

export interface Wire {
  /** The database, seen through the wire. */
  address: Address;
  /** Every connection breaks, and new ones are refused. */
  cut(): void;
  /** Nothing gets through any more and nothing breaks: a server that hangs, a network that swallows. */
  freeze(): void;
  /** The connections that there are are frozen for good, and new ones work: a firewall that was restarted. */
  strand(): void;
  mend(): void;
}

export async function openWire(t: Pick<TestContext, 'after'>, target: Address): Promise<Wire> {
  const sockets = new Set<Socket>();
  const stranded = new WeakSet<Socket>();
  let state: 'whole' | 'cut' | 'frozen' = 'whole';

  const server = createServer(client => {
    if (state === 'cut') return void client.destroy();
    const upstream = connect(socketOf(target));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        sockets.delete(one);
        // The other end of a network that swallows hears nothing of it.
        if (!stranded.has(one)) other.destroy();
      });
      one.pipe(other);
      if (state === 'frozen') one.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: through(target, port),
    cut() {
      state = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    freeze() {
      state = 'frozen';
      for (const socket of sockets) socket.pause();
    },
    strand() {
      for (const socket of sockets) socket.pause();
      for (const socket of sockets) stranded.add(socket);
    },
    mend() {
      state = 'whole';
      for (const socket of sockets) if (!stranded.has(socket)) socket.resume();
    },
  };
}

function socketOf(address: Address): { path: string } | { host: string; port: number } {
  if ('url' in address) {
    const { hostname, port } = new URL(address.url);
    return { host: hostname, port: Number(port || 5432) };
  }
  const { host, port } = address;
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

function through(address: Address, port: number): Address {
  if (!('url' in address)) return { ...address, host: '127.0.0.1', port };
  const url = new URL(address.url);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { url: url.href };
}
