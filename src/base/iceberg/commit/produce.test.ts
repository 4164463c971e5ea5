import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dataFile,
  equalityDeletes,
  liveNames,
  memoryFiles,
  memoryTable,
  positionDeletes,
} from '../../../../tests/support/iceberg-memory.ts';
import { isIcebergError } from '../errors.ts';
import { applyUpdates } from '../metadata/index.ts';
import type { Snapshot, TableMetadata } from '../model.ts';
import { evolveSpec } from '../partition/index.ts';
import { evolve, type SchemaChange } from '../schema/index.ts';
import { commitWithRetry, type Operation, openReader, produce, stage } from './index.ts';

type Table = ReturnType<typeof memoryTable>;

const head = ({ pointer }: Table, branch = 'main'): Snapshot => {
  const { metadata } = pointer.current;
  const id = metadata.refs[branch]?.['snapshot-id'];
  const found = metadata.snapshots.find(snapshot => snapshot['snapshot-id'] === id);
  assert.ok(found);
  return found;
};

const remove = (table: Table, removed: ReturnType<typeof dataFile>[]): Operation => ({
  kind: 'delete',
  started_from: head(table)['snapshot-id'],
  reads: { op: 'true' },
  removed,
  added: [],
  deletes: [],
  targets: [],
});

async function replace(table: Table, change: (metadata: TableMetadata) => TableMetadata) {
  const { metadata, location } = table.pointer.current;
  assert.ok(await table.pointer.swap(location, change(metadata)));
}

test('the first snapshot has every total, and they follow what is added and removed', async () => {
  const table = memoryTable();
  const [a, b] = [dataFile('a', { rows: 10, bytes: 100 }), dataFile('b', { rows: 5, bytes: 50 })];
  await table.commit({
    kind: 'append',
    added: [a, b],
    summary: { loader: 'x', 'total-records': 'nonsense' },
  });
  assert.deepEqual(head(table).summary, {
    loader: 'x',
    operation: 'append',
    'added-data-files': '2',
    'added-records': '15',
    'added-files-size': '150',
    'changed-partition-count': '1',
    'total-data-files': '2',
    'total-delete-files': '0',
    'total-records': '15',
    'total-files-size': '150',
    'total-position-deletes': '0',
    'total-equality-deletes': '0',
  });
  await table.commit(remove(table, [b]));
  const { summary } = head(table);
  assert.equal(summary.operation, 'delete');
  assert.equal(summary['deleted-records'], '5');
  assert.equal(summary['total-records'], '10');
  assert.equal(summary['total-files-size'], '100');
});

test('an append of nothing is a snapshot; a delete of nothing is none', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [] });
  const first = head(table);
  assert.equal(first.summary['total-records'], '0');
  const { snapshot, metadata } = await table.commit(remove(table, []));
  assert.equal(snapshot, undefined);
  assert.equal(metadata['current-snapshot-id'], first['snapshot-id']);
});

test('totals that a foreign snapshot lacks, or that cannot be true, are counted again', async () => {
  for (const broken of [undefined, '1.5', '-3', '0']) {
    const table = memoryTable();
    await table.commit({ kind: 'append', added: [dataFile('a'), dataFile('b')] });
    await replace(table, metadata => ({
      ...metadata,
      snapshots: metadata.snapshots.map(snapshot => {
        const { 'total-records': _, ...summary } = snapshot.summary;
        return {
          ...snapshot,
          summary: { ...summary, operation: 'append', ...(broken ? { 'total-records': broken } : {}) },
        };
      }),
    }));
    await table.commit(remove(table, [dataFile('a')]));
    assert.equal(head(table).summary['total-records'], '10', String(broken));
    assert.equal(head(table).summary['total-data-files'], '1');
  }
});

test('snapshots name their parents, count on, and have ids that a JavaScript number holds', async () => {
  const table = memoryTable();
  for (const name of ['a', 'b', 'c']) await table.commit({ kind: 'append', added: [dataFile(name)] });
  const { snapshots } = table.pointer.current.metadata;
  assert.deepEqual(
    snapshots.map(each => each['sequence-number']),
    [1, 2, 3],
  );
  assert.equal(snapshots[0]?.['parent-snapshot-id'], undefined);
  assert.equal(snapshots[2]?.['parent-snapshot-id'], snapshots[1]?.['snapshot-id']);
  for (const { 'snapshot-id': id } of snapshots) assert.ok(id > 0n && id < 2n ** 53n);
});

test('what is carried keeps its age, what is new has that of its snapshot', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('a'), dataFile('b')] });
  await table.commit(remove(table, [dataFile('b')]));
  await table.commit({ kind: 'append', added: [dataFile('c')] });
  const { metadata } = table.pointer.current;
  const ages = new Map<string, number>();
  for (const manifest of await table.reader.manifests(metadata, head(table)))
    for (const { file, sequence_number, status } of await table.reader.entries(metadata, manifest))
      if (status !== 2) ages.set(file.file_path.replace(/^.*\//, ''), sequence_number);
  assert.deepEqual(Object.fromEntries(ages), { 'a.parquet': 1, 'c.parquet': 3 });
});

test('two writers at once: the slower one writes its manifest once and lands on the other', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('a')] });
  const staged = stage();
  const world = { files: table.files, reader: table.reader, now_ms: 1 };
  const operation: Operation = { kind: 'append', added: [dataFile('slow')] };
  const early = await produce(operation, await table.pointer.load(), staged, world);
  await table.commit({ kind: 'append', added: [dataFile('fast')] });
  assert.equal(await table.pointer.swap('not the base', early.metadata), false);
  const late = await produce(operation, await table.pointer.load(), staged, world);
  const manifests = (written: string[]) => written.filter(location => !location.includes('snap-'));
  assert.deepEqual(manifests(late.written), manifests(early.written));
  assert.equal(late.unused.length, 1, 'the first list');
  assert.equal(late.snapshot?.['sequence-number'], 3);
  assert.ok(await table.pointer.swap(table.pointer.current.location, late.metadata));
  assert.deepEqual(await liveNames(table), ['a', 'fast', 'slow']);
});

for (const writers of [2, 20])
  test(`${writers} writers on one table lose nothing and leave nothing behind`, async () => {
    const table = memoryTable();
    const names = Array.from({ length: writers }, (_, i) => `w${String(i).padStart(2, '0')}`);
    await Promise.all(
      names.map(name => table.commit({ kind: 'append', added: [dataFile(name)] }, { attempts: 100 })),
    );
    assert.deepEqual(await liveNames(table), names);
    assert.equal(head(table).summary['total-data-files'], String(writers));
    const { metadata } = table.pointer.current;
    assert.equal(metadata.snapshots.length, writers);
    const named = new Set(metadata.snapshots.map(snapshot => snapshot['manifest-list']));
    const lists = [...table.files.objects.keys()].filter(location => location.includes('/snap-'));
    assert.deepEqual(
      lists.filter(list => !named.has(list)),
      [],
    );
  });

test('who is outrun too often says so, and takes its files back', async () => {
  const table = memoryTable();
  const before = new Set(table.files.objects.keys());
  const never = { ...table.pointer, swap: async () => false };
  const attempt = commitWithRetry(
    never,
    { kind: 'append', added: [dataFile('a')] },
    { files: table.files, reader: table.reader },
    { attempts: 3, wait: async () => undefined },
  );
  await assert.rejects(attempt, error => isIcebergError(error, 'conflict') && error.about.tries === 3);
  assert.deepEqual(new Set(table.files.objects.keys()), before);
});

test('no retries are no retries', async () => {
  const table = memoryTable({ properties: { 'commit.retry.num-retries': '0' } });
  const never = { ...table.pointer, swap: async () => false };
  const world = { files: table.files, reader: table.reader };
  const attempt = commitWithRetry(never, { kind: 'append', added: [dataFile('a')] }, world, {
    wait: async () => undefined,
  });
  await assert.rejects(attempt, error => isIcebergError(error, 'conflict') && error.about.tries === 1);
});

test('a commit whose answer was lost is recognised and not made twice', async () => {
  const table = memoryTable();
  const forgetful = {
    load: table.pointer.load,
    async swap(base: string, metadata: TableMetadata): Promise<boolean> {
      await table.pointer.swap(base, metadata);
      throw new Error('the connection was cut');
    },
  };
  const world = { files: table.files, reader: table.reader };
  await commitWithRetry(forgetful, { kind: 'append', added: [dataFile('a')] }, world);
  assert.deepEqual(await liveNames(table), ['a']);

  const staged = stage();
  const blind = { load: table.pointer.load, swap: forgetful.swap };
  let loads = 0;
  blind.load = async () => {
    loads += 1;
    if (loads === 2) throw new Error('still cut');
    return table.pointer.load();
  };
  const again: Operation = { kind: 'append', added: [dataFile('b')] };
  await assert.rejects(commitWithRetry(blind, again, world, { staged }), /connection was cut/);
  await commitWithRetry(table.pointer, again, world, { staged });
  assert.deepEqual(await liveNames(table), ['a', 'b']);
});

test('a hundred small appends become one manifest, and what was merged is still what it was', async () => {
  const table = memoryTable();
  for (let i = 0; i < 105; i += 1) await table.commit({ kind: 'append', added: [dataFile(`f${i}`)] });
  const { metadata } = table.pointer.current;
  const manifests = await table.reader.manifests(metadata, head(table));
  assert.equal(manifests.length, 6);
  assert.deepEqual(
    manifests.map(manifest => manifest.existing_files_count),
    [0, 0, 0, 0, 0, 99],
  );
  assert.equal((await liveNames(table)).length, 105);
  assert.equal(manifests.at(-1)?.min_sequence_number, 1);
});

test('merging obeys the table: off, or after two', async () => {
  const off = memoryTable({ properties: { 'commit.manifest-merge.enabled': 'false' } });
  const two = memoryTable({ properties: { 'commit.manifest.min-count-to-merge': '2' } });
  for (const table of [off, two])
    for (let i = 0; i < 4; i += 1) await table.commit({ kind: 'append', added: [dataFile(`f${i}`)] });
  assert.equal((await off.reader.manifests(off.pointer.current.metadata, head(off))).length, 4);
  assert.equal((await two.reader.manifests(two.pointer.current.metadata, head(two))).length, 1);
});

test('deletes that are about a file that goes, or older than all that is left, go too', async () => {
  const table = memoryTable();
  const [a, b] = [dataFile('a'), dataFile('b')];
  await table.commit({ kind: 'append', added: [a, b] });
  const strike = (name: string, about: typeof a): Operation =>
    ({
      ...remove(table, []),
      kind: 'delete',
      deletes: [positionDeletes(name, about)],
      targets: [about.file_path],
    }) as Operation;
  await table.commit(strike('of-a', a));
  await table.commit(strike('of-b', b));
  assert.equal(head(table).summary['total-position-deletes'], '2');
  await table.commit(remove(table, [a]));
  assert.deepEqual(await liveNames(table), ['-of-b', 'b']);
  assert.equal(head(table).summary['total-delete-files'], '1');
  assert.equal(head(table).summary['removed-position-deletes'], '1');

  await table.commit({ ...strike('eq', b), deletes: [equalityDeletes('eq')], targets: [] } as Operation);
  await table.commit({ kind: 'append', added: [dataFile('later')] });
  await table.commit(remove(table, [b]));
  assert.deepEqual(await liveNames(table), ['later'], 'the delete by value is older than every row');
});

test('a rewrite keeps the age of its rows, so that later deletes by value go on to apply', async () => {
  const table = memoryTable();
  const [a, b] = [dataFile('a'), dataFile('b')];
  await table.commit({ kind: 'append', added: [a, b] });
  const started_from = head(table)['snapshot-id'];
  await table.commit({ ...remove(table, []), deletes: [equalityDeletes('eq')] } as Operation);
  await table.commit({
    kind: 'rewrite',
    started_from,
    removed: [a, b],
    removed_deletes: [],
    added: [dataFile('ab')],
  });
  const { summary, 'sequence-number': number } = head(table);
  assert.equal(summary.operation, 'replace');
  assert.equal(number, 3);
  const { metadata } = table.pointer.current;
  const [manifest] = (await table.reader.manifests(metadata, head(table))).filter(each => each.content === 0);
  assert.ok(manifest);
  const live = (await table.reader.entries(metadata, manifest)).filter(entry => entry.status === 1);
  assert.deepEqual(
    live.map(entry => [entry.sequence_number, entry.file_sequence_number]),
    [[1, 3]],
  );
  assert.deepEqual(await liveNames(table), ['-eq', 'ab']);
});

test('a full replacement is invisible until it is published, and then the whole table', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('old1'), dataFile('old2')] });
  await table.commit({ kind: 'append', orphan: true, branch: 'load-7', added: [dataFile('new1')] });
  await table.commit({ kind: 'append', branch: 'load-7', added: [dataFile('new2')] });
  assert.deepEqual(await liveNames(table), ['old1', 'old2']);
  assert.deepEqual(await liveNames(table, 'load-7'), ['new1', 'new2']);
  assert.equal(head(table, 'load-7').summary['total-records'], '20');
  await table.commit({ kind: 'append', added: [dataFile('old3')] });
  const before = head(table);
  await table.commit({ kind: 'publish', staged: 'load-7' });
  assert.deepEqual(await liveNames(table), ['new1', 'new2']);
  const { summary, 'parent-snapshot-id': parent } = head(table);
  assert.equal(parent, before['snapshot-id']);
  assert.equal(summary.operation, 'overwrite');
  assert.equal(summary['added-data-files'], '2');
  assert.equal(summary['deleted-data-files'], '3');
  assert.equal(summary['total-records'], '20');
  assert.deepEqual(Object.keys(table.pointer.current.metadata.refs), ['main']);
});

test('a replacement that wants to be alone stops when the table changed since it began', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('old')] });
  const started_from = head(table)['snapshot-id'];
  await table.commit({ kind: 'append', orphan: true, branch: 's', added: [dataFile('new')] });
  await table.commit({ kind: 'append', added: [dataFile('late')] });
  await assert.rejects(
    table.commit({ kind: 'publish', staged: 's', isolation: 'serializable', started_from }),
    error => isIcebergError(error, 'conflict') && error.about.rule === 'branch_changed',
  );
  assert.deepEqual(await liveNames(table), ['late', 'old']);
});

test('branches go their own ways; a tag does not move, and what is no branch is named', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('a')] });
  const id = head(table)['snapshot-id'];
  await replace(table, metadata => ({
    ...metadata,
    refs: {
      ...metadata.refs,
      audit: { type: 'branch', 'snapshot-id': id, 'min-snapshots-to-keep': 3 },
      v1: { type: 'tag', 'snapshot-id': id },
    },
  }));
  await table.commit({ kind: 'append', branch: 'audit', added: [dataFile('b')] });
  assert.deepEqual(await liveNames(table), ['a']);
  assert.deepEqual(await liveNames(table, 'audit'), ['a', 'b']);
  assert.equal(table.pointer.current.metadata.refs.audit?.['min-snapshots-to-keep'], 3);
  const to = (branch: string) => table.commit({ kind: 'append', branch, added: [dataFile('x')] });
  await assert.rejects(to('v1'), error => isIcebergError(error, 'invalid'));
  await assert.rejects(to('nowhere'), error => isIcebergError(error, 'no_such_ref'));
  await assert.rejects(table.commit({ kind: 'append', orphan: true, branch: 'audit', added: [] }), error =>
    isIcebergError(error, 'conflict'),
  );
});

test('files of several specs live side by side, each in manifests of its own', async () => {
  const table = memoryTable({ by_day: true });
  await table.commit({ kind: 'append', added: [dataFile('d1', { day: 1 }), dataFile('d2', { day: 2 })] });
  await replace(table, metadata => {
    const spec = evolveSpec(metadata, [{ op: 'remove', name: 'day' }]);
    return applyUpdates(
      metadata,
      [
        {
          action: 'add-spec',
          spec: { 'spec-id': undefined, fields: spec.spec.fields.map(field => ({ ...field })) },
        },
        { action: 'set-default-spec', 'spec-id': -1 },
      ],
      { now_ms: Date.now() },
    );
  });
  const spec_id = table.pointer.current.metadata['default-spec-id'];
  assert.notEqual(spec_id, 0);
  const plain = { ...dataFile('plain', { spec_id }), partition: [] };
  await table.commit({ kind: 'append', added: [plain, dataFile('d3', { day: 3 })] });
  await table.commit(remove(table, [dataFile('d1', { day: 1 }), plain]));
  assert.deepEqual(await liveNames(table), ['d2', 'd3']);
  await assert.rejects(
    table.commit({ kind: 'replace_partitions', added: [{ ...dataFile('odd'), spec_id: 77 }] }),
    error => isIcebergError(error, 'conflict') && error.about.rule === 'schema_changed',
  );
});

test('files written before the schema changed fit, unless the change was about them', async () => {
  const columns =
    (...changes: SchemaChange[]) =>
    (metadata: TableMetadata) => {
      const { schema } = evolve(metadata, changes);
      return applyUpdates(
        metadata,
        [
          { action: 'add-schema', schema, 'last-column-id': undefined },
          { action: 'set-current-schema', 'schema-id': -1 },
        ],
        { now_ms: Date.now() },
      );
    };
  const table = memoryTable();
  await replace(table, columns({ kind: 'add', field: 'note', type: 'string' }));
  await table.commit({ kind: 'append', schema_id: 0, added: [dataFile('before')] });
  assert.deepEqual(await liveNames(table), ['before']);
  await replace(table, metadata => {
    const [first, ...others] = metadata.schemas;
    assert.ok(first);
    return { ...metadata, schemas: [...others] };
  });
  await assert.rejects(
    table.commit({ kind: 'append', schema_id: 0, added: [dataFile('lost')] }),
    error => isIcebergError(error, 'conflict') && error.about.rule === 'schema_changed',
  );
});

test('a table of version 1 becomes one of version 2 with its first commit', async () => {
  const table = memoryTable();
  await replace(table, metadata => ({ ...metadata, 'format-version': 1 }));
  await table.commit({ kind: 'append', added: [dataFile('a')] });
  assert.equal(table.pointer.current.metadata['format-version'], 2);
  assert.equal(head(table)['sequence-number'], 1);
});

test('the clock of a writer that lags does not put its snapshot before the last one', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [] }, { now: () => Date.parse('2026-11-10T00:00:00Z') });
  await table.commit({ kind: 'append', added: [] }, { now: () => Date.parse('2026-11-09T00:00:00Z') });
  assert.equal(head(table)['timestamp-ms'], Date.parse('2026-11-10T00:00:00Z'));
});

test('everything that the new metadata names is durable before the swap', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('a')] });
  const { metadata } = table.pointer.current;
  for (const manifest of await table.reader.manifests(metadata, head(table)))
    assert.ok(table.files.sealed.has(manifest.manifest_path));
  assert.ok(table.files.sealed.has(head(table)['manifest-list'] ?? ''));
  assert.ok(table.files.sealed.has('file:///lake/t/data/a.parquet'));
});

test('hostile properties are taken for what they are not', async () => {
  const table = memoryTable({
    properties: {
      'commit.manifest.min-count-to-merge': '-5',
      'commit.manifest.target-size-bytes': 'NaN',
      'commit.retry.num-retries': '1e99',
    },
  });
  await table.commit({ kind: 'append', added: [dataFile('a')] });
  assert.deepEqual(await liveNames(table), ['a']);
});

test('a reader of memory answers a missing manifest list by its name', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [dataFile('a')] });
  const list = head(table)['manifest-list'] ?? '';
  table.files.objects.delete(list);
  const cold = openReader(memoryFiles());
  await assert.rejects(
    produce({ kind: 'append', added: [dataFile('b')] }, table.pointer.current, stage(), {
      files: table.files,
      reader: cold,
      now_ms: 1,
    }),
    error => isIcebergError(error, 'missing_file') && error.about.file === list,
  );
});
