// How fast a store of a million rows is backed up, verified and restored, and in how much memory.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import {
  type OpenOptions,
  openStore,
  restoreStore,
  type Store,
  type Tx,
  verifyBackup,
  writeBackup,
} from '../src/base/db/index.ts';
import { newId } from '../src/base/kit/ids.ts';
import type { Measure, Result } from './result.ts';

const ROWS = 1_000_000;
const BATCH = 10_000;
const MB = 1024 * 1024;

export default async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
  // When root runs this, PostgreSQL runs as somebody else and must get through.
  await chmod(folder, 0o711);
  const file = join(folder, 'bench.moulin-backup');
  const place = (name: string): OpenOptions => ({
    embedded: { folder: join(folder, name), log_file: join(folder, `${name}.log`) },
  });
  try {
    const store = await openStore(place('source'));
    const raw_mb = await fill(store);
    const [written, backup_s] = await timed(() => writeBackup(store, file));
    await store.close();
    const [, verify_s] = await timed(() => verifyBackup(file));
    const [, restore_s] = await timed(() => restoreStore(place('target'), file));
    return {
      title: `Backup and restore of ${ROWS} rows (${Math.round(raw_mb)} MB of COPY text)`,
      rows: [
        more('backup', raw_mb / backup_s, 'MB/s'),
        more('backup', ROWS / backup_s, 'rows/s'),
        more('verify', raw_mb / verify_s, 'MB/s'),
        more('restore, with verifying and a new store', raw_mb / restore_s, 'MB/s'),
        more('restore, with verifying and a new store', ROWS / restore_s, 'rows/s'),
        less('file', written.bytes / MB, 'MB'),
        less('most memory of the process, all in all', process.resourceUsage().maxRSS / 1024, 'MB'),
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Events and audit entries as they are, half and half; answers the size of their text. */
async function fill(store: Store): Promise<number> {
  const workspace_id = newId();
  for (let first = 1; first < ROWS / 2; first += BATCH)
    await store.withInstance('bench', tx => addRows(tx, workspace_id, first, first + BATCH - 1));
  let bytes = 0;
  const snapshot = await store.openSnapshot('bench');
  for (const table of ['events', 'audit_entries'])
    for await (const part of snapshot.copyOut(`select * from ${table}`)) bytes += part.length;
  await snapshot.close();
  return bytes / MB;
}

async function addRows(tx: Tx, workspace_id: string, first: number, last: number): Promise<void> {
  await sql`
    insert into events (id, workspace_id, position, type, subject, actor, payload)
    select gen_random_uuid(), ${workspace_id}, n, 'member.changed', 'member:' || gen_random_uuid(),
      'person:' || gen_random_uuid(), jsonb_build_object('before', md5(n::text), 'after', md5((n + 1)::text), 'n', n)
    from generate_series(${first}::int, ${last}::int) n`.execute(tx);
  await sql`
    insert into audit_entries (id, workspace_id, actor_kind, actor_id, actor_name, action, object_kind, object_id, changes)
    select gen_random_uuid(), ${workspace_id}, 'person', gen_random_uuid(), 'Ada Lovelace', 'member.changed', 'member',
      gen_random_uuid(), jsonb_build_object('role', jsonb_build_array('viewer', 'editor'), 'n', n)
    from generate_series(${first}::int, ${last}::int) n`.execute(tx);
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const begun = performance.now();
  const result = await work();
  return [result, (performance.now() - begun) / 1000];
}

function more(what: string, value: number, unit: string): Measure {
  return { what, value, unit, better: 'higher' };
}

function less(what: string, value: number, unit: string): Measure {
  return { what, value, unit, better: 'lower' };
}
