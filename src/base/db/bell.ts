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

  const tell = (channel: string, payload: string): void => {
    for (const heard of listeners.get(channel) ?? []) heard(payload);
  };
  const connection = await openSteadyConnection({
    address,
    name: 'moulin: listen',
    async onOpen(client) {
      client.on('notification', ({ channel, payload }) => tell(channel, payload ?? ''));
      const channels = [...listeners.keys()];
      for (const channel of channels) await client.query(`LISTEN ${quoteName(channel)}`);
      if (opened) for (const channel of channels) tell(channel, '');
      opened = true;
    },
  });
  /** A failure means that the connection is lost; the next one listens to all channels anew. */
  const send = (sql: string, values?: unknown[]): void => void connection.query(sql, values).catch(() => {});

  return {
    listen(channel, heard) {
      const known = listeners.get(channel);
      listeners.set(channel, (known ?? new Set()).add(heard));
      if (!known) send(`LISTEN ${quoteName(channel)}`);
      return () => {
        const heards = listeners.get(channel);
        heards?.delete(heard);
        if (heards?.size !== 0) return;
        listeners.delete(channel);
        send(`UNLISTEN ${quoteName(channel)}`);
      };
    },
    ring(channel) {
      due.add(channel);
      if (due.size > 1) return;
      setImmediate(() => {
        // Best effort by design: a ring that is lost with the connection is made good by the listeners' slow polling.
        send(`select pg_notify(channel, '') from unnest($1::text[]) channel`, [[...due]]);
        due.clear();
      });
    },
    close: () => connection.close(),
  };
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
