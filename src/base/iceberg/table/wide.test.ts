import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defer } from '../../../../tests/support/defer.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { openLake } from '../local/index.ts';

test('ten thousand columns are written, and found by a filter on the last of them', async t => {
  const lake = await openLake(scratchFolder(t), { memory: '1GB', threads: 2 });
  defer(t, () => lake.close());
  const columns = Array.from({ length: 10_000 }, (_, at) => `c${at}`);
  const table = await lake.createTable('wide', {
    columns: columns.map(name => `${name}: long`).join(', '),
  });
  await table.append(
    `SELECT ${columns.map((name, at) => `i + ${at} AS ${name}`).join(', ')} FROM range(3) r(i)`,
  );
  const found: unknown[] = [];
  for await (const row of table.scan({ where: 'c9999 = 10000', columns: ['c9998', 'c0'] })) found.push(row);
  assert.deepEqual(found, [{ c9998: 9999n, c0: 1n }]);
  const metadata = await table.metadata();
  assert.equal(metadata['last-column-id'], 10_000);
});
