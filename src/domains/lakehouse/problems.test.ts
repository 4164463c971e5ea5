import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { localEngine } from '../../base/iceberg/index.ts';
import { isFailure } from '../../base/kit/errors.ts';
import { inOurWords } from './problems.ts';
import { aboutRows } from './tasks/runner-words.ts';

test('an engine that has too little memory, and a number of 39 digits, are said with the name of the table', async t => {
  const engine = await localEngine({
    ...{ threads: 1, memory: '20MB', temp_folder: scratchFolder(t), temp_bytes: '1MB' },
  });
  const large = () => engine.query('SELECT list(hash(range)) AS n FROM range(20000000)');
  for (const said of [inOurWords, aboutRows])
    await assert.rejects(
      said('shop.wide', large),
      error =>
        isFailure(error, 'lake.memory') && /"shop.wide" cannot be worked on: .*20MB/.test(error.message),
    );
  const most = () =>
    engine.query(
      'SELECT CAST(h AS DECIMAL(38, 0)) FROM (SELECT 170141183460469231731687303715884105727 AS h)',
    );
  await assert.rejects(aboutRows('shop.sums', most), error => isFailure(error, 'lake.input'));
  await assert.rejects(inOurWords('shop.sums', most), error => isFailure(error, 'lake.type'));
  await engine.close();
});
