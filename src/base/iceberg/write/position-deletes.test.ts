import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localWorld, tableOf } from '../../../../tests/support/iceberg-local.ts';
import { isIcebergError } from '../errors.ts';
import { CONTENT } from '../model.ts';
import { decodeValue } from '../values/index.ts';
import { writeData } from './data.ts';
import { writePositionDeletes } from './position-deletes.ts';

const PATH_ID = 2147483546;
const POS_ID = 2147483545;

test('rows are struck out in a file for each partition, sorted, with bounds that name the data file', async t => {
  const { engine, files, root, rowsOf } = await localWorld(t);
  const spec = { fields: [{ 'source-id': 2, name: 'p', transform: 'identity' }] };
  const metadata = tableOf(`${root}/${'long '.repeat(8)}t`, 'struct<id: long, p: int>', { spec });
  const data = await writeData(engine, files, {
    metadata,
    select: 'SELECT i AS id, (i % 2)::INTEGER AS p FROM range(100) t(i)',
    attempt: 'first',
  });
  const more = await writeData(engine, files, {
    metadata,
    select: 'SELECT 7 AS id, 1 AS p',
    attempt: 'second',
  });
  const targets = [...data, ...more];
  const [even, odd, last] = targets.map(file => file.file_path.replaceAll("'", "''"));
  const select = `SELECT * FROM (VALUES ('${odd}', 9), ('${even}', 3::TINYINT), ('${last}', 0), ('${odd}', 2), ('${odd}', 9)) v(file_path, pos);`;
  const deletes = await writePositionDeletes(engine, files, { metadata, select, targets, attempt: 'third' });
  assert.deepEqual(
    deletes.map(file => [file.content, file.partition, file.record_count, file.referenced_data_file]).sort(),
    [
      [CONTENT.position_deletes, [0], 1, targets[0]?.file_path],
      [CONTENT.position_deletes, [1], 3, undefined],
    ],
  );
  for (const file of deletes) {
    assert.match(file.file_path, /\/data\/third-[0-9a-f]{8}-\d{5}-deletes\.parquet$/);
    const rows = await rowsOf([file]);
    const sorted = rows.toSorted((a, b) =>
      String(a.file_path) === String(b.file_path)
        ? Number(a.pos) - Number(b.pos)
        : String(a.file_path) < String(b.file_path)
          ? -1
          : 1,
    );
    assert.deepEqual(rows, sorted);
    const bound = (of: ReadonlyMap<number, Buffer>, id: number, type: string) =>
      decodeValue(type, of.get(id) ?? Buffer.of());
    assert.equal(bound(file.lower_bounds, PATH_ID, 'string'), rows[0]?.file_path);
    assert.equal(bound(file.upper_bounds, PATH_ID, 'string'), rows.at(-1)?.file_path);
    const places = rows.map(row => Number(row.pos));
    assert.equal(bound(file.lower_bounds, POS_ID, 'long'), BigInt(Math.min(...places)));
    assert.equal(bound(file.upper_bounds, POS_ID, 'long'), BigInt(Math.max(...places)));
    const { paths } = await files.open([file.file_path]);
    const ids = await engine.query(
      `SELECT name, field_id, type FROM parquet_schema('${paths[0]?.replaceAll("'", "''")}') WHERE field_id IS NOT NULL`,
    );
    assert.deepEqual(
      ids.map(row => [row.name, Number(row.field_id), row.type]),
      [
        ['file_path', PATH_ID, 'BYTE_ARRAY'],
        ['pos', POS_ID, 'INT64'],
      ],
    );
  }
});

test('only rows that are there, of files that were named, are struck out', async t => {
  const { engine, files, root } = await localWorld(t);
  const metadata = tableOf(`${root}/t`, 'struct<id: long>');
  const targets = await writeData(engine, files, { metadata, select: 'SELECT 1 AS id', attempt: 'a' });
  const path = targets[0]?.file_path ?? '';
  for (const rows of [`('${path}', 1)`, `('${path}', -1)`, `('${path}x', 0)`, `('${path}', NULL)`])
    await assert.rejects(
      writePositionDeletes(engine, files, {
        metadata,
        select: `SELECT * FROM (VALUES ${rows}) v(file_path, pos)`,
        targets,
        attempt: 'b',
      }),
      error => isIcebergError(error, 'invalid'),
      rows,
    );
  const none = `SELECT '' AS file_path, 0 AS pos WHERE false`;
  assert.deepEqual(
    await writePositionDeletes(engine, files, { metadata, select: none, targets, attempt: 'c' }),
    [],
  );
  let count = 0;
  for await (const _ of files.list(root)) count += 1;
  assert.equal(count, 1);
});
