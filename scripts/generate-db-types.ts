import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withClient } from '../src/base/db/connection.ts';
import { startEmbedded } from '../src/base/db/embedded.ts';
import { migrate, readMigrations } from '../src/base/db/migrate.ts';
import { dumpSchema } from '../src/base/db/schema/dump.ts';
import { readSchema, type Schema } from '../src/base/db/schema/read.ts';
import { writeTypes } from '../src/base/db/schema/types.ts';
import { settle } from './generated.ts';

// Runs all migrations on an empty store and writes what came out: the types for the compiler, the golden file for people.

async function migratedSchema(): Promise<Schema> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-schema-'));
  // When root runs this, PostgreSQL runs as somebody else and must get through.
  await chmod(folder, 0o711);
  const server = await startEmbedded({
    folder: join(folder, 'store'),
    log_file: join(folder, 'log'),
    settings: { fsync: 'off' },
  });
  try {
    return await withClient(server.owner, 'generate', async client => {
      await migrate(client, await readMigrations());
      return readSchema(client);
    });
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const schema = await migratedSchema();
await settle(
  { 'src/base/db/types.ts': writeTypes(schema), 'src/base/db/schema.golden.sql': dumpSchema(schema) },
  'generate-db-types.ts',
);
