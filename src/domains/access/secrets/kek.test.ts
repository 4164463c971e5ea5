import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type Failure, isFailure } from '../../../base/kit/errors.ts';
import { parseKek } from './kek.ts';

const refusal = (text: string) => {
  try {
    parseKek(text, 'MOULIN_KEY');
  } catch (error) {
    assert(isFailure(error, 'key.weak'));
    return error as Failure;
  }
  return assert.fail(`accepted ${text}`);
};

test('the same key in any spelling has the same id, and the id tells nothing of it', () => {
  const bytes = randomBytes(32);
  const spelled = [
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    ` ${bytes.toString('hex').toUpperCase()}\n`,
  ];
  const ids = spelled.map(text => parseKek(text, 'x').id);
  assert.equal(new Set(ids).size, 1);
  assert(!bytes.toString('hex').includes(ids[0] ?? ''));
  assert.notEqual(parseKek(randomBytes(32).toString('hex'), 'x').id, ids[0]);
});

test('a short, patterned, readable or published key is refused, and not repeated', () => {
  const weak = [
    '',
    'secret',
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('hex'),
    Buffer.alloc(32).toString('base64'),
    Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('hex'),
    Buffer.from(Array.from({ length: 32 }, (_, at) => 255 - at * 3)).toString('hex'),
    '0123456789abcdef'.repeat(4),
    Buffer.from('changeme-changeme-changeme-pls!!').toString('base64'),
    Buffer.from('The quick brown fox jumps over 1').toString('hex'),
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
  ];
  for (const text of weak) {
    const { message } = refusal(text);
    assert.match(message, /^The key in MOULIN_KEY cannot be used: it is /);
    assert(text === '' || !message.includes(text));
  }
});

test('random keys are accepted', () => {
  for (let round = 0; round < 2000; round += 1) parseKek(randomBytes(32).toString('base64'), 'x');
});
