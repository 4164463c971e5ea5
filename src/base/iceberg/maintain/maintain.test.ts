import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dataFile,
  equalityDeletes,
  liveNames,
  memoryTable,
  positionDeletes,
} from '../../../../tests/support/iceberg-memory.ts';
import { openReader, type RowDelta } from '../commit/index.ts';
import { isIcebergError } from '../errors.ts';
import { applyUpdates } from '../metadata/index.ts';
import type { Snapshot, TableMetadata } from '../model.ts';
import {
  compactionRules,
  type ExpirePolicy,
  expireSnapshots,
  findOrphans,
  garbage,
  health,
  isCandidate,
  type OrphanRules,
  orphans,
  planCompaction,
  reachable,
} from './index.ts';

type Table = ReturnType<typeof memoryTable>;
const DAY = 86_400_000;
const NOW = Date.parse('2026-11-20T00:00:00Z');

// ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────

/** Snapshots 1, 2, 3 … of one line; the last of them is that many days old. */
function line(count: number, youngest_days = 0): TableMetadata {
  const { metadata } = memoryTable().pointer.current;
  const snapshots = Array.from(
    { length: count },
    (_, i): Snapshot => ({
      'snapshot-id': BigInt(i + 1),
      ...(i === 0 ? {} : { 'parent-snapshot-id': BigInt(i) }),
      'sequence-number': i + 1,
      'timestamp-ms': NOW - (youngest_days + count - 1 - i) * DAY,
      'manifest-list': `file:///lake/t/metadata/snap-${i + 1}.avro`,
      summary: { operation: 'append' },
      'schema-id': 0,
    }),
  );
  return {
    ...metadata,
    snapshots,
    'last-sequence-number': count,
    'current-snapshot-id': BigInt(count),
    refs: { main: { type: 'branch', 'snapshot-id': BigInt(count) } },
  };
}

const expired = (metadata: TableMetadata, policy: ExpirePolicy = {}) =>
  expireSnapshots(metadata, policy, NOW).snapshots.map(Number);

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('old snapshots go, but never fewer stay than are wanted, and never the current one', () => {
  assert.deepEqual(expired(line(20)), upTo(10), 'ten stay though they are older than seven days');
  assert.deepEqual(
    expired(line(20), { min_snapshots_to_keep: 1 }),
    upTo(12),
    'eight are seven days old or less',
  );
  assert.deepEqual(expired(line(20), { min_snapshots_to_keep: 1, max_snapshot_age_ms: 0 }), upTo(19));
  assert.deepEqual(expired(line(3, 400), { min_snapshots_to_keep: 0, max_snapshot_age_ms: 0 }), [1, 2]);
  assert.deepEqual(expired(line(5)), []);
});

test('a table with many commits keeps no more than so many, however young', () => {
  const policy = { max_snapshots_to_keep: 4, min_snapshots_to_keep: 2, max_snapshot_age_ms: 365 * DAY };
  assert.deepEqual(expired(line(20), policy), upTo(16));
});

test('what a branch says of itself comes before the policy, and that before the properties', () => {
  const table = line(20);
  const properties = {
    'history.expire.min-snapshots-to-keep': '3',
    'history.expire.max-snapshot-age-ms': '1',
  };
  assert.deepEqual(expired({ ...table, properties }), upTo(17));
  assert.deepEqual(expired({ ...table, properties }, { min_snapshots_to_keep: 5 }), upTo(15));
  const main = {
    type: 'branch',
    'snapshot-id': 20n,
    'min-snapshots-to-keep': 18,
    'max-snapshot-age-ms': 1,
  } as const;
  assert.deepEqual(expired({ ...table, properties, refs: { main } }, { min_snapshots_to_keep: 5 }), upTo(2));
});

test('tags and branches hold what they name; those that are too old go, main never', () => {
  const table = line(20);
  const refs = {
    ...table.refs,
    release: { type: 'tag', 'snapshot-id': 2n },
    old: { type: 'tag', 'snapshot-id': 3n, 'max-ref-age-ms': 5 * DAY },
    lost: { type: 'tag', 'snapshot-id': 999n },
    audit: { type: 'branch', 'snapshot-id': 6n, 'min-snapshots-to-keep': 2 },
  } as const;
  const { refs: gone, snapshots } = expireSnapshots({ ...table, refs }, {}, NOW);
  assert.deepEqual(gone.toSorted(), ['lost', 'old']);
  assert.deepEqual(snapshots.map(Number), [1, 3, 4, 7, 8, 9, 10]);
  const far = expireSnapshots({ ...table, refs }, { max_ref_age_ms: 1 }, NOW);
  assert.deepEqual(far.refs.toSorted(), ['audit', 'lost', 'old', 'release']);
});

test('main stays at the age of which other branches go', () => {
  assert.deepEqual(expireSnapshots(line(3, 400), { max_ref_age_ms: 1 }, NOW).refs, []);
});

test('a snapshot that someone reads stays, and one on no branch only as long as it is young', () => {
  const table = line(20);
  assert.ok(!expired(table, { pinned: new Set([1n, 4n]) }).includes(4));
  const staged = (id: bigint, days: number): Snapshot => ({
    'snapshot-id': id,
    'sequence-number': 30,
    'timestamp-ms': NOW - days * DAY,
    summary: { operation: 'append' },
  });
  const with_staged = { ...table, snapshots: [...table.snapshots, staged(100n, 1), staged(101n, 8)] };
  const gone = expired(with_staged);
  assert.ok(gone.includes(101) && !gone.includes(100));
});

test('the updates of an expiry apply, and an empty table has nothing to expire', () => {
  const table = line(20);
  const { updates, snapshots } = expireSnapshots(table, {}, NOW);
  const after = applyUpdates(table, updates, { now_ms: NOW });
  assert.equal(after.snapshots.length, 20 - snapshots.length);
  assert.deepEqual(expireSnapshots(memoryTable().pointer.current.metadata, {}, NOW).updates, []);
});

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────

const rewrite = (table: Table, removed: string[], added: string[]): RowDelta => ({
  kind: 'update',
  started_from: table.pointer.current.metadata['current-snapshot-id'] ?? null,
  reads: { op: 'true' },
  removed: removed.map(name => dataFile(name)),
  added: added.map(name => dataFile(name)),
  deletes: [],
  targets: [],
});

async function expireAll(table: Table) {
  const { metadata, location } = table.pointer.current;
  const { updates } = expireSnapshots(
    metadata,
    { min_snapshots_to_keep: 1, max_snapshot_age_ms: 0 },
    Date.now() + DAY,
  );
  const after = applyUpdates(metadata, updates, { now_ms: Date.now() });
  assert.ok(await table.pointer.swap(location, after));
  return { before: metadata, after };
}

async function all(batches: AsyncIterable<string[]>): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of batches) found.push(...batch);
  return found.sort();
}

async function neededBy(table: Table): Promise<Set<string>> {
  const { metadata, location } = table.pointer.current;
  const found = new Set<string>();
  for await (const { location: each } of reachable(metadata, location, table.reader)) found.add(each);
  return found;
}

test('an expiry leaves exactly the files that no snapshot needs any more', async () => {
  const table = memoryTable({ properties: { 'commit.manifest.min-count-to-merge': '3' } });
  for (const name of ['a', 'b', 'c', 'd']) await table.commit({ kind: 'append', added: [dataFile(name)] });
  await table.commit(rewrite(table, ['a', 'c'], ['ac']));
  await table.commit(rewrite(table, ['ac'], ['ac2']));
  const needed_before = await neededBy(table);
  const { before, after } = await expireAll(table);
  const needed_after = await neededBy(table);
  const dropped = await all(garbage(before, after, table.reader));
  const metadata_files = (location: string) => location.endsWith('.metadata.json');
  const wanted = [...needed_before].filter(each => !needed_after.has(each) && !metadata_files(each)).sort();
  assert.deepEqual(dropped, wanted);
  assert.deepEqual(
    dropped.filter(each => each.endsWith('.parquet')).map(each => each.replace(/.*\//, '')),
    ['a.parquet', 'ac.parquet', 'c.parquet'],
  );
  const small = await all(garbage(before, after, table.reader, { at_once: 2 }));
  assert.deepEqual([...new Set(small)], wanted, 'in small batches the same');
});

test('what cannot be read keeps what it names, and nothing else', async () => {
  const table = memoryTable({ properties: { 'commit.manifest.min-count-to-merge': '3' } });
  for (const name of ['a', 'b', 'c', 'd']) await table.commit({ kind: 'append', added: [dataFile(name)] });
  await table.commit(rewrite(table, ['a', 'c'], ['ac']));
  await table.commit(rewrite(table, ['ac'], ['ac2']));
  const { before, after } = await expireAll(table);
  const whole = await all(garbage(before, after, table.reader));
  const answered = async (lost: string | undefined) => {
    assert(lost !== undefined);
    const bytes = table.files.objects.get(lost);
    assert(bytes);
    table.files.objects.delete(lost);
    const reader = openReader(table.files);
    await assert.rejects(all(garbage(before, after, reader)), error => isIcebergError(error, 'missing_file'));
    const unread: string[] = [];
    const dropped = await all(
      garbage(before, after, openReader(table.files), {
        unread: ({ message }) => void unread.push(message),
      }),
    );
    assert(unread.length > 0, 'it is said');
    table.files.objects.set(lost, bytes);
    return dropped;
  };
  const manifest = whole.find(each => /-m\d+\.avro$/.test(each));
  for (const lost of [before.snapshots[1]?.['manifest-list'], manifest]) {
    const dropped = await answered(lost);
    assert(dropped.length > 0 && dropped.every(each => whole.includes(each)));
  }
  const [kept] = after.snapshots;
  assert(kept);
  assert.deepEqual(await answered(kept['manifest-list']), [], 'who knows what the snapshot that stays needs');
  const [needed] = await table.reader.manifests(after, kept);
  assert.deepEqual(await answered(needed?.manifest_path), []);
});

test('a file that a branch still has is no garbage', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('a')] });
  const { metadata, location } = table.pointer.current;
  const id = metadata['current-snapshot-id'] ?? 0n;
  await table.pointer.swap(location, {
    ...metadata,
    refs: { ...metadata.refs, keep: { type: 'branch', 'snapshot-id': id } },
  });
  await table.commit(rewrite(table, ['a'], ['b']));
  await table.commit(rewrite(table, ['b'], ['c']));
  const { before, after } = await expireAll(table);
  const dropped = await all(garbage(before, after, table.reader));
  assert.deepEqual(
    dropped.filter(each => each.endsWith('.parquet')),
    ['file:///lake/t/data/b.parquet'],
  );
});

test('metadata that names files outside of the table removes none of them', async () => {
  const table = memoryTable();
  const outside = ['file:///lake/other/data', 'file:///lake/t/../other', 'file:///lake/t2'];
  const foreign = outside.map((folder, i) => dataFile(`x${i}`, { folder }));
  await table.commit({ kind: 'append', added: [...foreign, dataFile('own')] });
  await table.commit({ ...rewrite(table, [], ['n']), removed: [...foreign, dataFile('own')] });
  const { before, after } = await expireAll(table);
  const dropped = await all(garbage(before, after, table.reader));
  assert.deepEqual(
    dropped.filter(each => each.endsWith('.parquet')),
    ['file:///lake/t/data/own.parquet'],
  );
});

test('five thousand snapshots are walked with each manifest opened once', async () => {
  const table = memoryTable({ properties: { 'commit.manifest.min-count-to-merge': '50' } });
  for (let i = 0; i < 60; i += 1) await table.commit({ kind: 'append', added: [dataFile(`f${i}`)] });
  const { metadata } = table.pointer.current;
  const [last] = metadata.snapshots.slice(-1);
  assert.ok(last);
  // Each of five thousand lists what the last one does.
  const clones = Array.from(
    { length: 5000 },
    (_, i): Snapshot => ({ ...last, 'snapshot-id': BigInt(10_000 + i) }),
  );
  const many = { ...metadata, snapshots: [...metadata.snapshots, ...clones] };
  table.files.reads.length = 0;
  const cold = openReader(table.files, 1000);
  let files = 0;
  for await (const { use } of reachable(many, undefined, cold)) if (use === 'file') files += 1;
  const manifests = table.files.reads.filter(location => !location.includes('/snap-'));
  assert.equal(manifests.length, new Set(manifests).size);
  assert.ok(files >= 60);
});

// ── Orphans ─────────────────────────────────────────────────────────────────────────────────────────

const rules: OrphanRules = {
  attempt_of: location => /attempt-\w+/.exec(location)?.[0],
  has_ended: attempt => attempt === 'attempt-ended',
  storage_now_ms: NOW,
};

test('files of attempts that ended may go at once, of running ones never, of others after seven days', () => {
  const listed = (name: string, days: number) => ({
    location: `file:///t/${name}`,
    modified_ms: NOW - days * DAY,
  });
  const may = (name: string, days: number) => isCandidate(listed(name, days), rules);
  assert.equal(may('attempt-ended-1.parquet', 0), true);
  assert.equal(may('attempt-running-1.parquet', 100), false);
  assert.equal(may('foreign.parquet', 6.9), false);
  assert.equal(may('foreign.parquet', 7.1), true);
  assert.equal(may('foreign.parquet', -3), false, 'of a clock that is ahead');
  assert.equal(may('metadata/version-hint.text', 100), false);
  assert.equal(may('metadata/v12.metadata.json', 100), false);
  assert.equal(may('metadata/00012-x.metadata.json', 100), true);
  const found = orphans(
    [listed('attempt-ended-1', 1), listed('attempt-ended-2', 1)],
    each => each.endsWith('1'),
    rules,
  );
  assert.deepEqual(found, ['file:///t/attempt-ended-2']);
});

test('what is committed while the folder is being listed is not taken for an orphan', async () => {
  const table = memoryTable();
  const put = (name: string) => table.files.write(`file:///lake/t/data/${name}.parquet`, Buffer.from('x'));
  table.files.now_ms = NOW - 30 * DAY;
  await put('attempt-ended-lost');
  await put('attempt-ended-late');
  await put('old-foreign');
  await put('attempt-running-x');
  table.files.now_ms = NOW;
  await put('young-foreign');
  const list = table.files.list.bind(table.files);
  const files = {
    ...table.files,
    async *list(prefix: string) {
      for await (const each of list(prefix)) yield each;
      await table.commit({ kind: 'append', added: [dataFile('attempt-ended-late')] });
    },
  };
  const load = async () => table.pointer.current;
  const found = await all(
    findOrphans({ files, reader: table.reader, prefix: 'file:///lake/t/', load, rules }),
  );
  assert.deepEqual(
    found.map(each => each.replace(/.*\//, '')),
    ['attempt-ended-lost.parquet', 'old-foreign.parquet'],
  );
});

// ── Compaction, manifests, health ───────────────────────────────────────────────────────────────────

const MB = 1024 * 1024;
const small = {
  ...compactionRules({ 'write.target-file-size-bytes': String(100 * MB) }),
  max_group_bytes: 250 * MB,
};
const piece = (name: string, mb: number, day?: number, deletes = 0) => {
  const file = dataFile(name, { bytes: mb * MB, rows: 1000, ...(day === undefined ? {} : { day }) });
  return {
    file,
    deletes: deletes === 0 ? [] : [{ ...positionDeletes(`${name}-d`, file), record_count: deletes }],
  };
};
const plan = async (...pieces: ReturnType<typeof piece>[]) =>
  (await planCompaction(pieces, small)).map(group =>
    group.pieces.map(({ file }) => file.file_path.replace(/.*\/|\.parquet/g, '')).sort(),
  );

test('small files of one partition are joined when there are enough of them', async () => {
  const five = [1, 2, 3, 4, 5].map(i => piece(`s${i}`, 10, 1));
  assert.deepEqual(await plan(...five), [['s1', 's2', 's3', 's4', 's5']]);
  assert.deepEqual(await plan(...five.slice(1)), []);
  assert.deepEqual(await plan(...five.slice(1), piece('other', 10, 2)), [], 'partitions are not mixed');
  assert.deepEqual(await plan(piece('x', 60), piece('y', 60)), [['x', 'y']], 'two that make a whole one');
  assert.deepEqual(await plan(piece('good', 90), piece('good2', 110)), []);
});

test('one file alone is written again when it is far too large, or much is struck out of it', async () => {
  assert.deepEqual(await plan(piece('huge', 200)), [['huge']]);
  assert.deepEqual(await plan(piece('fine', 100, undefined, 99)), []);
  assert.deepEqual(await plan(piece('worn', 100, undefined, 101)), [['worn']]);
  const by_value = { ...piece('v', 100), deletes: [equalityDeletes('e')] };
  assert.deepEqual(await plan(by_value), [['v']]);
});

test('no group is larger than what is done at once', async () => {
  const groups = await planCompaction(
    Array.from({ length: 40 }, (_, i) => piece(`f${i}`, 20)),
    small,
  );
  assert.equal(groups.flatMap(group => group.pieces).length, 36, 'four are too few, and wait');
  assert.ok(groups.every(group => group.bytes <= small.max_group_bytes));
  assert.equal(
    groups.reduce((sum, group) => sum + group.outputs, 0),
    6,
  );
});

test('manifests are laid by partition; files, rows and ages stay', async () => {
  const table = memoryTable({ by_day: true, properties: { 'commit.manifest-merge.enabled': 'false' } });
  for (let i = 0; i < 30; i += 1)
    await table.commit({
      kind: 'append',
      added: [dataFile(`f${i}`, { day: i % 3 }), dataFile(`g${i}`, { day: 7 })],
    });
  const before = await liveNames(table);
  const { snapshot } = await table.commit({ kind: 'rewrite_manifests' });
  assert.ok(snapshot);
  const [manifest, ...others] = await table.reader.manifests(table.pointer.current.metadata, snapshot);
  assert.ok(manifest);
  assert.deepEqual(others, []);
  assert.equal(manifest.min_sequence_number, 1);
  assert.deepEqual(await liveNames(table), before);
  const entries = await table.reader.entries(table.pointer.current.metadata, manifest);
  const days = entries.map(entry => entry.file.partition[0]);
  assert.deepEqual(days, days.toSorted());
  assert.deepEqual(
    [
      snapshot.summary.operation,
      snapshot.summary['manifests-replaced'],
      snapshot.summary['entries-processed'],
    ],
    ['replace', '30', '60'],
  );
  assert.equal(snapshot.summary['total-data-files'], '60');
  assert.equal((await table.commit({ kind: 'rewrite_manifests' })).snapshot, undefined, 'nothing left to do');
});

test('health counts what there is and says what is due', async () => {
  const table = memoryTable();
  const empty = await health(table.pointer.current.metadata, table.reader, NOW);
  assert.deepEqual([empty.data_files, empty.due], [0, []]);
  const names = Array.from({ length: 60 }, (_, i) => `f${i}`);
  await table.commit({ kind: 'append', added: names.map(name => dataFile(name)) });
  const { metadata } = table.pointer.current;
  const now = Date.now();
  const one = await health(metadata, table.reader, now);
  assert.deepEqual([one.data_files, one.small_files, one.records, one.due], [60, 60, 600, ['compact']]);
  const about = dataFile('f1');
  await table.commit({
    ...rewrite(table, [], []),
    kind: 'delete',
    deletes: [{ ...positionDeletes('d', about), record_count: 40 }],
    targets: [about.file_path],
  });
  const two = await health(table.pointer.current.metadata, table.reader, now + 8 * DAY, {
    policy: { min_snapshots_to_keep: 1 },
  });
  assert.deepEqual([two.delete_files, two.deletes, two.snapshots], [1, 40, 2]);
  assert.deepEqual(two.due, ['compact', 'remove_deletes', 'expire']);
  assert.ok(two.metadata_bytes > 0 && two.manifest_bytes > 0);
});
