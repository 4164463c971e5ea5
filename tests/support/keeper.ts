import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { withClient } from '../../src/base/db/connection.ts';
import { type EmbeddedServer, startEmbedded } from '../../src/base/db/embedded.ts';
import { tryLockFile } from '../../src/base/kit/lock-file.ts';

/**
 * The one PostgreSQL of a test run: `node tests/support/keeper.ts FOLDER`. The first test process that needs it starts
 * it; every test process holds a connection to it, and some seconds after the last one has gone it stops everything.
 */
const GRACE_MS = 5000;

const [folder = ''] = process.argv.slice(2);
// One at a time, until its folder is gone. Whoever comes while another one serves, or leaves, goes: who asked for it asks again.
const lock = tryLockFile(`${folder}.lock`);
if (!lock) process.exit(0);
mkdirSync(folder, { recursive: true });

const server = await startEmbedded({
  folder: join(folder, 'store'),
  log_file: join(folder, 'postgres.log'),
  // Tests ask whether rows are right, not whether they outlive a power cut; the crash tests start servers of their own.
  settings: {
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    max_connections: '300',
    file_copy_method: 'clone',
  },
});
await dropLeftovers(server);
serve(server);

/** Databases of test processes that were killed. */
async function dropLeftovers({ superuser }: EmbeddedServer): Promise<void> {
  await withClient(superuser, 'keeper', async client => {
    const { rows } = await client.query<{ name: string }>(
      `select datname "name" from pg_database where datname like 'test\\_%' or datname like '%\\_draft'`,
    );
    for (const { name } of rows)
      await client.query(`drop database ${client.escapeIdentifier(name)} with (force)`);
  });
}

function serve({ superuser, owner, app, close }: EmbeddedServer): void {
  let users = 0;
  let leaving: NodeJS.Timeout | undefined;
  const door = createServer(connection => {
    users += 1;
    clearTimeout(leaving);
    connection.on('error', () => {});
    connection.on('close', () => {
      users -= 1;
      if (users === 0) leaveSoon();
    });
    connection.write(`${JSON.stringify({ superuser, owner, app })}\n`);
    connection.resume();
  });
  const leaveSoon = (): void => {
    leaving = setTimeout(async () => {
      door.close();
      await close();
      for (const path of [folder, `${folder}.log`]) rmSync(path, { recursive: true, force: true });
      process.exit(0);
    }, GRACE_MS);
  };
  const path = join(folder, 'keeper.sock');
  // We hold the lock, so that a socket under this name is one that a killed keeper left.
  rmSync(path, { force: true });
  door.listen(path, leaveSoon);
}
