import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { newInstallation } from './installation.ts';

// Tables from the command line, on a product that runs: files in, files out, and what is said when it cannot be.

async function running(t: TestContext) {
  const installation = await newInstallation(t);
  const { stop } = await installation.start();
  const place = async (name: string, text: string) => {
    const path = join(installation.home, name);
    await writeFile(path, text);
    return path;
  };
  return { ...installation, place, stop };
}

test('a file becomes a table, is merged into it, and comes out again', async t => {
  const { moulin, json, place, home } = await running(t);
  const first = await place('first day.csv', 'id,city\n1,Lyon\n2,Genève\n');
  const second = await place('second.ndjson', '{"id":2,"city":"Berne"}\n{"id":3,"city":null}\n');
  assert.equal((await json<{ state: string }>('table', 'import', 'shop.places', first)).state, 'succeeded');
  const words = ['table', 'import', 'shop.places', second, '--mode', 'merge', '--key', 'id'];
  assert.equal((await json<{ state: string }>(...words)).state, 'succeeded');

  const shown = await json<{ rows: number; fields: { path: string }[]; snapshot_id: string }>(
    'table',
    'show',
    'SHOP.Places',
  );
  assert.equal(shown.rows, 3, 'whatever the case of its name');
  assert.deepEqual(
    shown.fields.map(({ path }) => path),
    ['id', 'city'],
  );
  const history = await json<{ snapshot_id: string; total_rows: number }[]>(
    'table',
    'history',
    'shop.places',
  );
  assert.deepEqual(
    history.map(({ total_rows }) => total_rows),
    [3, 2],
  );

  const file = join(home, 'out.csv');
  const exported = await moulin(['table', 'export', 'shop.places', '--where', 'id > 1', '--output', file]);
  assert.equal(exported.code, 0, exported.stderr);
  assert.deepEqual((await readFile(file, 'utf8')).trim().split('\n').toSorted(), [
    '2,Berne',
    '3,',
    'id,city',
  ]);

  const before = history[1]?.snapshot_id ?? '';
  assert.equal((await moulin(['table', 'rollback', 'shop.places', before, '--yes'])).code, 0);
  assert.equal((await json<{ rows: number }>('table', 'show', 'shop.places')).rows, 2);
  assert.equal((await moulin(['table', 'delete', 'shop.places', '--yes'])).code, 0);
  assert.deepEqual(await json('table', 'list'), []);
});

test('a table is made with its fields, and care is taken of it', async t => {
  const { moulin, json } = await running(t);
  const early = await moulin(['table', 'add', 'shop.orders', '--field', 'id:bigint', '--json']);
  assert.equal(JSON.parse(early.stdout || early.stderr).code, 'lake.namespace_missing');
  await json('namespace', 'add', 'shop', '--description', 'The online shop');
  const made = await json<{
    fields: { path: string; type: string; required: boolean }[];
    partitioned_by: string[];
  }>(
    ...['table', 'add', 'shop.orders', '--field', 'id:bigint!', 'price:decimal(10,2)', 'at:timestamptz'],
    ...['--partition', 'day(at)', '--identifier', 'id'],
  );
  assert.deepEqual(
    made.fields.map(({ path, type, required }) => [path, type, required]),
    [
      ['id', 'long', true],
      ['price', 'decimal(10, 2)', false],
      ['at', 'timestamptz', false],
    ],
  );
  assert.deepEqual(made.partitioned_by, ['day(at)']);
  for (const verb of ['expire', 'compact', 'clean', 'tidy']) {
    const { code, stderr } = await moulin(['table', verb, 'shop.orders']);
    assert.equal(code, 0, `${verb}: ${stderr}`);
  }
  const namespaces = await json<{ path: string; tables: number }[]>('namespace', 'list');
  assert.deepEqual(
    namespaces.map(({ path, tables }) => [path, tables]),
    [['shop', 1]],
  );
  const used = await moulin(['namespace', 'delete', 'shop', '--yes', '--json']);
  assert.equal(JSON.parse(used.stdout || used.stderr).code, 'lake.namespace_used');
});

test('what did not work is said, and the exit code says so too', async t => {
  const { moulin, place } = await running(t);
  const broken = await place('broken.ndjson', '{"id": 1}\n{"id": \n');
  const failed = await moulin(['table', 'import', 'shop.broken', broken, '--json']);
  assert.notEqual(failed.code, 0);
  assert.equal(JSON.parse(failed.stdout || failed.stderr).code, 'cli.run_failed');
  const absent = await moulin(['table', 'show', 'shop.nothing', '--json']);
  assert.equal(JSON.parse(absent.stdout || absent.stderr).code, 'lake.no_table');
  const odd = await moulin(['table', 'import', 'shop.odd', await place('notes.txt', 'x'), '--json']);
  assert.equal(JSON.parse(odd.stdout || odd.stderr).code, 'cli.usage');
  const name = await moulin(['table', 'add', 'orders', '--field', 'id:bigint']);
  assert.match(name.stderr, /"orders" is no name such as shop\.orders/);
});

test('a lake whose folder was moved says so, and is told where it is', async t => {
  const { home, moulin, json, place, ...installation } = await running(t);
  const words = ['table', 'import', 'shop.places', await place('places.csv', 'id,city\n1,Lyon\n')];
  await json(...words);
  const old = join(home, 'data');
  await installation.stop();
  const moved = join(home, 'elsewhere');
  await rename(old, moved);
  const elsewhere = ['--data', moved];
  const again = await installation.start(...elsewhere);
  assert.match(again.output(), /lake relocate/);
  await again.stop();

  const told = await moulin(['lake', 'relocate', ...elsewhere, '--json']);
  assert.equal(told.code, 0, told.stderr);
  assert.equal(JSON.parse(told.stdout).tables, 1);
  const twice = await moulin(['lake', 'relocate', ...elsewhere]);
  assert.match(twice.stderr, /is where its tables say/);
  const last = await installation.start(...elsewhere);
  assert.doesNotMatch(last.output(), /lake relocate/);
  const file = join(home, 'out.csv');
  const exported = await moulin(['table', 'export', 'shop.places', '--output', file, ...elsewhere]);
  assert.equal(exported.code, 0, exported.stderr);
  assert.equal((await readFile(file, 'utf8')).trim(), 'id,city\n1,Lyon');
  assert.equal((await json<{ tables: number }>('lake', 'show', ...elsewhere)).tables, 1);
});

test('a table changes: its schema with and without its files, its partitions, its branches and tags', async t => {
  const { moulin, json, place } = await running(t);
  const rows =
    '{"id":1,"day":"2026-01-31","at":{"city":"Lyon"}}\n{"id":2,"day":"2026-02-01","at":{"city":"Lille"}}\n';
  const first = await place('first.ndjson', rows);
  assert.equal((await json<{ state: string }>('table', 'import', 'shop.visits', first)).state, 'succeeded');
  const evolve = (...words: string[]) =>
    json<{ state?: string; changes?: string[]; rewrites?: string[] }>(
      'table',
      'evolve',
      'shop.visits',
      ...words,
    );
  const paths = async () =>
    (await json<{ fields: { path: string }[] }>('table', 'show', 'shop.visits')).fields.map(
      ({ path }) => path,
    );

  const said = await evolve('--rename', 'at.city:town', '--dry-run');
  assert.match(said.rewrites?.join() ?? '', /at/);
  assert.deepEqual(await paths(), ['id', 'day', 'at', 'at.city'], 'nothing was done');
  assert.equal(
    (await evolve('--rename', 'at.city:town', '--add', 'note:varchar')).state,
    'succeeded',
    'as a run',
  );
  assert.deepEqual((await evolve('--drop', 'note')).rewrites, []);
  assert.deepEqual(await paths(), ['id', 'day', 'at', 'at.town']);
  const none = await moulin(['table', 'evolve', 'shop.visits']);
  assert.match(none.stderr, /say what is to change/);
  const gone = await moulin(['table', 'evolve', 'shop.visits', '--rename', 'at.city:x', '--json']);
  assert.equal(JSON.parse(gone.stdout || gone.stderr).code, 'lake.schema');

  const divided = await json<{ partitioned_by: string[] }>('table', 'partition', 'shop.visits', 'month(day)');
  assert.deepEqual(divided.partitioned_by, ['month(day)']);
  const month = await place('month.ndjson', '{"id":3,"day":"2026-02-07","at":{"town":"Metz"}}\n');
  const over = [
    'table',
    'import',
    'shop.visits',
    month,
    '--mode',
    'overwrite',
    '--where',
    "day >= DATE '2026-02-01'",
  ];
  assert.equal((await json<{ state: string }>(...over)).state, 'succeeded');
  const shown = await json<{ rows: number; snapshot_id: string }>('table', 'show', 'shop.visits');
  assert.equal(shown.rows, 2, 'the row of February is another one');
  const odd = await moulin(['table', 'import', 'shop.visits', month, '--where', 'id = 3', '--json']);
  assert.equal(JSON.parse(odd.stdout || odd.stderr).code, 'lake.filter');
  const whole = await json<{ partitioned_by: string[] }>('table', 'partition', 'shop.visits');
  assert.deepEqual(whole.partitioned_by, []);

  await json('table', 'tag', 'add', 'shop.visits', 'end of month');
  await json('table', 'branch', 'add', 'shop.visits', 'audit', '--days', '3');
  const named = (type: string) =>
    json<{ name: string; snapshot_id: string }[]>('table', type, 'list', 'shop.visits');
  assert.deepEqual(
    (await named('tag')).map(({ name, snapshot_id }) => [name, snapshot_id]),
    [['end of month', shown.snapshot_id]],
  );
  assert.deepEqual((await named('branch')).map(({ name }) => name).toSorted(), ['audit', 'main']);
  const wrong = await moulin(['table', 'branch', 'delete', 'shop.visits', 'end of month', '--json']);
  assert.equal(JSON.parse(wrong.stdout || wrong.stderr).code, 'lake.ref');
  assert.equal((await moulin(['table', 'tag', 'delete', 'shop.visits', 'end of month'])).code, 0);
  assert.deepEqual(await named('tag'), []);
});
