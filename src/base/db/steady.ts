import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Address, clientConfig, isConnectionLost } from './connection.ts';

/** One connection that is always there: when it is lost, another one is made, for as long as it takes. */
export interface SteadyConnection {
  /** One after the other, in the order asked. Fails when there is no connection at that moment. */
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

interface SteadyOptions {
  address: Address;
  name: string;
  /** Runs on each new connection, before anybody else's turn; a failure makes it count as lost. */
  onOpen?: (client: pg.Client) => Promise<void>;
  onLost?: () => void;
}

const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 5000;
/** A machine that slept, or a firewall that forgot us, closes nothing: only asking shows it. */
const PING_SECONDS = 30;
const ANSWER_SECONDS = 20;

/** Fails when the first connection cannot be made; from then on it never gives up. */
export async function openSteadyConnection(options: SteadyOptions): Promise<SteadyConnection> {
  const { address, name, onOpen, onLost } = options;
  let current: pg.Client | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;
  let pause = FIRST_DELAY_MS;
  let timer: NodeJS.Timeout | undefined;

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };
  const query = <R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> =>
    inTurn(async () => {
      const client = current;
      if (!client) throw new Error('Connection terminated: it is being made anew');
      return client.query<R>(text, values).then(
        ({ rows }) => rows,
        error => {
          // A statement that had no answer in time is still under way there, and the next one would queue behind it.
          if (isConnectionLost(error)) drop(client);
          throw error;
        },
      );
    });
  const connect = (): Promise<void> =>
    inTurn(async () => {
      if (closed) return;
      const client = await openClient(address, name, lose);
      current = client;
      pause = FIRST_DELAY_MS;
      try {
        await onOpen?.(client);
      } catch (error) {
        current = undefined;
        await client.end().catch(() => {});
        throw error;
      }
    });
  const lose = (client: pg.Client): void => {
    if (client !== current) return;
    current = undefined;
    onLost?.();
    retry();
  };
  const retry = (): void => {
    if (closed) return;
    timer = setTimeout(() => void connect().catch(retry), pause);
    pause = Math.min(pause * 2, LAST_DELAY_MS);
  };
  const drop = (client: pg.Client): void => {
    lose(client);
    void endInTime(client);
  };

  await connect();
  const pings = setInterval(() => void query('select 1').catch(() => {}), PING_SECONDS * 1000);
  return {
    query,
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(pings);
      await inTurn(async () => {
        const client = current;
        current = undefined;
        if (client) await endInTime(client);
      });
    },
  };
}

const sockets = new WeakMap<pg.Client, Socket>();
const END_MS = 1000;

/** The goodbye of a connection that swallows everything is never answered, and whoever closes must not wait for it. */
async function endInTime(client: pg.Client): Promise<void> {
  const late = new AbortController();
  const deadline = delay(END_MS, undefined, { signal: late.signal });
  await Promise.race([client.end(), deadline]).catch(() => {});
  deadline.catch(() => {});
  late.abort();
  sockets.get(client)?.destroy();
}

async function openClient(
  address: Address,
  name: string,
  lost: (client: pg.Client) => void,
): Promise<pg.Client> {
  const socket = new Socket();
  const config = { ...clientConfig(address, name), query_timeout: ANSWER_SECONDS * 1000 };
  const client = new pg.Client({ ...config, stream: () => socket });
  sockets.set(client, socket);
  client.on('error', () => lost(client));
  client.on('end', () => lost(client));
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}
