import type pg from 'pg';
import type { Address } from './connection.ts';
import { openSteadyConnection } from './steady.ts';

/** LISTEN and NOTIFY on one connection. A ring is a hint that may be lost; whoever hears it looks at the tables. */
export interface Bell {
  /** `heard('')` also after a reconnect: whatever rang meanwhile was missed. */
  listen(channel: string, heard: (payload: string) => void): () => void;
  /** Rings soon; many rings of one channel in one turn of the event loop are one. */
  ring(channel: string): void;
  close(): Promise<void>;
}

type Heard = (payload: string) => void;

export async function openBell(address: Address): Promise<Bell> {
  const listeners = new Map<string, Set<Heard>>();
  const due = new Set<string>();
  let opened = false;

  const connection = await openSteadyConnection({
    address,
    name: 'moulin: listen',
    async onOpen(client) {
      client.on('notification', ({ channel, payload }) => tell(channel, payload ?? ''));
      for (const channel of listeners.keys()) await client.query(listenTo(channel));
      if (opened) for (const channel of listeners.keys()) tell(channel, '');
      opened = true;
    },
  });
  const tell = (channel: string, payload: string): void => {
    for (const heard of listeners.get(channel) ?? []) heard(payload);
  };
  const ringAll = async (): Promise<void> => {
    const channels = [...due];
    due.clear();
    // Best effort by design: a ring that is lost with the connection is made good by the listeners' slow polling.
    await connection
      .client()
      ?.query(`select pg_notify(channel, '') from unnest($1::text[]) channel`, [channels])
      .catch(() => {});
  };

  return {
    listen(channel, heard) {
      const known = listeners.get(channel);
      listeners.set(channel, (known ?? new Set()).add(heard));
      if (!known) send(connection.client(), listenTo(channel));
      return () => {
        const heards = listeners.get(channel);
        heards?.delete(heard);
        if (heards?.size !== 0) return;
        listeners.delete(channel);
        send(connection.client(), `UNLISTEN ${quoteName(channel)}`);
      };
    },
    ring(channel) {
      if (due.size === 0) setImmediate(() => void ringAll());
      due.add(channel);
    },
    close: () => connection.close(),
  };
}

/** A failure means that the connection is lost; the next one listens to all channels anew. */
function send(client: pg.Client | undefined, sql: string): void {
  void client?.query(sql).catch(() => {});
}

function listenTo(channel: string): string {
  return `LISTEN ${quoteName(channel)}`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
