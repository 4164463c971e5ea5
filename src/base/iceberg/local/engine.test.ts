import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { isIcebergError } from '../errors.ts';
import { localEngine } from './engine.ts';

const LONG = 'SELECT count(*) AS n FROM range(4000) a, range(4000) b WHERE hash(a.range, b.range) % 7 = 0';

test('closing waits for what runs and for what waits for a thread, and takes no more', async () => {
  // More than Node's pool has threads: the rest waits even for a connection, which must not be made of memory that is gone.
  const engine = await localEngine({ threads: 1 });
  const long = Array.from({ length: 4 }, () => engine.query(LONG));
  const short = Array.from({ length: 8 }, () => engine.query('SELECT 1 AS n'));
  let answered = 0;
  for (const query of [...long, ...short]) void query.then(() => (answered += 1));
  await engine.close();
  assert.equal(answered, 12);
  await assert.rejects(engine.query('SELECT 1'), error => isIcebergError(error, 'invalid'));
  await engine.close();
});

test('a stream that somebody left lying about does not keep an engine from closing', async () => {
  const engine = await localEngine({ threads: 1 });
  const rows = engine.stream('SELECT range AS n FROM range(100000)')[Symbol.asyncIterator]();
  const first = await rows.next();
  assert.equal(first.done, false);
  await engine.close();
});

test('what one query sets, no other meets', async () => {
  const engine = await localEngine({ threads: 1 });
  await engine.query('CREATE TEMP TABLE mine AS SELECT 1 AS n');
  await engine.query('SELECT 2 AS n; SET VARIABLE mine = 3');
  await assert.rejects(engine.query('SELECT * FROM mine'), /mine/);
  assert.deepEqual(await engine.query("SELECT getvariable('mine') AS n"), [{ n: null }]);
  await assert.rejects(engine.query("SELECT error('broken')"), /broken/);
  assert.deepEqual(await engine.query('SELECT 1 AS n'), [{ n: 1 }]);
  await engine.close();
});

test('too little memory, and a number of 39 digits, are said in words that name them', async t => {
  const temp_folder = scratchFolder(t);
  const engine = await localEngine({ threads: 1, memory: '20MB', temp_folder, temp_bytes: '1MB' });
  const large = 'SELECT list(hash(range)) AS n FROM range(20000000)';
  await assert.rejects(
    engine.query(large),
    error => isIcebergError(error, 'no_memory') && error.about.memory === '20MB',
  );
  await assert.rejects(
    async () => {
      for await (const _ of engine.stream(large));
    },
    error => isIcebergError(error, 'no_memory'),
  );
  const most = '170141183460469231731687303715884105727';
  await assert.rejects(
    engine.query(`SELECT CAST("a b" AS DECIMAL(38, 0)) FROM (SELECT ${most}::HUGEINT AS "a b")`),
    error =>
      isIcebergError(error, 'type') && error.about.value === most && error.message.includes('column a b'),
  );
  await assert.rejects(engine.query("SELECT CAST('x' AS INTEGER)"), /Conversion Error/);
  await engine.close();
});

test('an answer that breaks in its middle is an error, never a short answer', async () => {
  const engine = await localEngine({ threads: 1 });
  const broken =
    "SELECT CASE WHEN range > 500000 THEN error('broken') ELSE range END AS n FROM range(1000000)";
  await assert.rejects(async () => {
    for await (const _ of engine.stream(broken));
  }, /broken/);
  let rows = 0;
  for await (const piece of engine.stream('SELECT range AS n FROM range(1000000) ORDER BY n')) {
    if (rows === 0) assert.deepEqual(piece[0], { n: 0n });
    rows += piece.length;
  }
  assert.equal(rows, 1_000_000);
  await engine.close();
});
