import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { configKeys } from '../../contract/config.ts';
import { flagsOf, withConfigOptions, wordsOf } from './config-options.ts';

function parse(...words: string[]): Record<string, unknown> {
  const command = withConfigOptions(new Command(), configKeys).exitOverride();
  return flagsOf(command.parse(words, { from: 'user' }).opts(), configKeys);
}

test('every setting that is not a secret has its flag, and a secret one that names a file', () => {
  const flags = new Set(withConfigOptions(new Command(), configKeys).options.map(option => option.long));
  for (const key of configKeys) {
    if (key.flag) assert.ok(flags.has(key.flag), key.flag);
    if (key.file) assert.ok(flags.has(key.file.flag), key.file.flag);
    if (key.secret === 'whole') assert.equal(key.flag, null);
  }
});

test('flags arrive by key, and what was not said is not there', () => {
  assert.deepEqual(parse(), {});
  const words = [
    '--port',
    '4650',
    '--no-demo',
    '--database-url',
    'postgres://x',
    '--key-file',
    '/k',
    '--log-level',
    'warn',
  ];
  const flags = {
    port: '4650',
    demo: false,
    'database.url': 'postgres://x',
    key_file: '/k',
    'log.level': 'warn',
  };
  assert.deepEqual(parse(...words), flags);
  assert.deepEqual(parse('--demo', '--config', 'a b.yaml'), { demo: true, config: 'a b.yaml' });
});

test('the words of some flags give the same flags again', () => {
  const flags = parse(
    '--config',
    'a b.yaml',
    '--port',
    '4650',
    '--no-demo',
    '--insecure-http',
    '--key-file',
    '/k',
  );
  assert.deepEqual(parse(...wordsOf(flags)), flags);
});
