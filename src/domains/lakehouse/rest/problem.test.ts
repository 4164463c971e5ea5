import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODES, IcebergError } from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { errorCodes, errors } from '../../../contract/errors.ts';
import { noSuchTable, problemBody, problemOf } from './problem.ts';

test('an error has the form of the specification', () => {
  const problem = problemOf(noSuchTable('shop.orders'));
  assert.ok(problem);
  assert.deepEqual(JSON.parse(problemBody(problem)), {
    error: { message: 'Table does not exist: shop.orders', type: 'NoSuchTableException', code: 404 },
  });
});

test('a commit that may be tried again is a 409 CommitFailedException, whoever found out', () => {
  for (const error of [
    new IcebergError('requirement', 'it moved'),
    new IcebergError('conflict', 'it moved'),
    fail('lake.busy', { name: 't', attempts: 4 }),
    fail('lake.conflict', { name: 't', reason: 'it moved' }),
  ]) {
    const { status, type } = problemOf(error) ?? {};
    assert.deepEqual({ status, type }, { status: 409, type: 'CommitFailedException' });
  }
});

test('no other failure looks like a commit that was refused: clients delete their files then', () => {
  const isCommitFailed = (error: unknown) => problemOf(error)?.type === 'CommitFailedException';
  const codes = errorCodes.filter(code => isCommitFailed(fail(code)));
  assert.deepEqual(codes.sort(), ['lake.busy', 'lake.conflict']);
});

test('every failure has a status that clients know, and what nobody expected has none', () => {
  for (const code of errorCodes) {
    const problem = problemOf(fail(code));
    assert.match(problem?.type ?? '', /^[A-Z]\w+(Exception|Error)$/, code);
    if (errors[code].status >= 500 && code !== 'lake.unsupported')
      assert.ok((problem?.status ?? 0) >= 500, code);
  }
  for (const code of CODES) assert.ok(problemOf(new IcebergError(code, 'x')), code);
  assert.equal(problemOf(new Error('the password is hunter2')), undefined);
  assert.equal(problemOf('text'), undefined);
});
