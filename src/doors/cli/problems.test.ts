import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail } from '../../base/kit/errors.ts';
import { ApiError } from '../../contract/client.ts';
import { errorCodes, errors, type Problem } from '../../contract/errors.ts';
import { EXIT_CODES, exitNameOf } from './exit-codes.ts';
import { tell, toText } from './problems.ts';

const problem: Problem = {
  type: 'urn:moulin:error:request.invalid',
  title: 'The request is not valid',
  status: 400,
  detail: 'The request has 1 problem(s): body.email is not an e-mail address.',
  code: 'request.invalid',
  hint: 'Correct the fields listed under errors and send the request again.',
  params: {},
  request_id: 'req-7',
  errors: [{ path: 'body.email', code: 'invalid_format', message: 'is not an e-mail address\u001b[2J' }],
};

test('a refusal is told with every field, the next action and the request to report', () => {
  const { problem: told, exit } = tell(new ApiError(problem));
  assert.equal(exit, 'usage');
  assert.equal(
    toText(told),
    [
      '✖ The request is not valid:',
      '  body.email: is not an e-mail address',
      '  Correct the fields listed under errors and send the request again.',
      '  Request req-7',
    ].join('\n'),
  );
});

test('an expected failure of the command itself has the same shape', () => {
  const { problem: told, exit } = tell(fail('cli.no_instance', { data: '/d' }));
  assert.equal(exit, 'not_found');
  assert.match(toText(told), /^✖ There is no installation in \/d\.\n {2}Start one/);
});

test('what nobody expected is a message, never a stack', () => {
  const { problem: told, exit } = tell(new TypeError('x is not a function'));
  assert.equal(exit, 'failure');
  assert.match(toText(told), /^✖ x is not a function\n/);
  assert.doesNotMatch(toText(told), /\bat .*:\d+:\d+/);
});

test('every code of the catalogue has an exit code, and what may work later says so', () => {
  for (const code of errorCodes) {
    const name = exitNameOf(code, errors[code].status);
    assert(name in EXIT_CODES);
    assert.notEqual(name, 'ok', code);
  }
  assert.equal(exitNameOf('server.unavailable', 503), 'unavailable');
  assert.equal(exitNameOf('client.unreachable', 503), 'unavailable');
  assert.equal(exitNameOf('auth.forbidden', 403), 'denied');
  assert.equal(exitNameOf('version.conflict', 412), 'conflict');
});

test('exit codes are distinct', () => {
  const codes = Object.values(EXIT_CODES).map(one => one.code);
  assert.equal(new Set(codes).size, codes.length);
});
