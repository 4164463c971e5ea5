import pg from 'pg';
import { type Address, clientConfig } from './connection.ts';

/** One connection that is always there: when it is lost, another one is made, for as long as it takes. */
export interface SteadyConnection {
  /** Present while connected. */
  client(): pg.Client | undefined;
  close(): Promise<void>;
}

interface SteadyOptions {
  address: Address;
  name: string;
  /** Runs on each new connection before it counts as there; a failure makes it count as lost. */
  onOpen: (client: pg.Client) => Promise<void>;
  onLost?: () => void;
}

const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 5000;
/** A machine that slept, or a firewall that forgot us, closes nothing: only asking shows it. */
const PING_SECONDS = 30;
const PING_TIMEOUT_MS = 5000;

/** Fails when the first connection cannot be made; from then on it never gives up. */
export async function openSteadyConnection(options: SteadyOptions): Promise<SteadyConnection> {
  let current: pg.Client | undefined;
  let closed = false;
  let pause = FIRST_DELAY_MS;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const client = new pg.Client(clientConfig(options.address, options.name));
    client.on('error', () => lose(client));
    client.on('end', () => lose(client));
    try {
      await client.connect();
      await options.onOpen(client);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    if (closed) return client.end();
    current = client;
    pause = FIRST_DELAY_MS;
  };
  const lose = (client: pg.Client): void => {
    if (client !== current) return;
    current = undefined;
    options.onLost?.();
    retry();
  };
  const retry = (): void => {
    if (closed) return;
    timer = setTimeout(() => void connect().catch(retry), pause);
    pause = Math.min(pause * 2, LAST_DELAY_MS);
  };
  const ping = async (): Promise<void> => {
    const client = current;
    if (!client) return;
    await client.query({ text: 'select 1', query_timeout: PING_TIMEOUT_MS } as pg.QueryConfig).catch(() => {
      lose(client);
      void client.end().catch(() => {});
    });
  };

  await connect();
  const pings = setInterval(() => void ping(), PING_SECONDS * 1000);
  return {
    client: () => current,
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(pings);
      const client = current;
      current = undefined;
      await client?.end().catch(() => {});
    },
  };
}
