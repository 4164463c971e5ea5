import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { type Address, clientConfig, translate } from './connection.ts';

/** One consistent view of the whole installation, for as long as it is open, on a connection of its own. */
export interface Snapshot {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  /** What `COPY (select …) TO STDOUT` sends, and at its end how many rows it was. */
  copyOut(select: string): AsyncGenerator<Buffer, number>;
  close(): Promise<void>;
}

/** Through the instance door; nothing is written, nobody is blocked, and no time-out of the role cuts it short. */
const OPENING = `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE moulin_instance;
  SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`;

export async function openSnapshot(app: Address, reason: string): Promise<Snapshot> {
  const client = new pg.Client(clientConfig(app, `moulin: ${reason}`));
  // The failure reaches us through the query; without a listener Node would end the process as well.
  client.on('error', () => {});
  const close = () => client.end().catch(() => {});
  try {
    await client.connect();
    await client.query(OPENING);
  } catch (error) {
    await close();
    throw translate(error);
  }
  return {
    close,
    async query(text, values = []) {
      try {
        return (await client.query(text, values)).rows;
      } catch (error) {
        throw translate(error);
      }
    },
    async *copyOut(select) {
      const stream = client.query(copyTo(`COPY (${select}) TO STDOUT`));
      try {
        for await (const chunk of stream) yield chunk as Buffer;
      } catch (error) {
        throw translate(error);
      }
      return stream.rowCount;
    },
  };
}
