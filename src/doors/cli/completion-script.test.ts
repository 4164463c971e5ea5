import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { absence } from '../../../tests/support/required.ts';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { completionScript, type Place, SHELLS } from './completion-script.ts';

const places: Place[] = [
  { paths: [''], words: ['token', 'doctor', '--help'] },
  { paths: ['token', 'tokens'], words: ['list', 'add', '--help'] },
  {
    paths: ['token add', 'token create', 'tokens add', 'tokens create'],
    words: ['--name', '--role', '--help'],
  },
  { paths: ['token list', 'tokens list'], words: ['--mine', '--help'] },
  { paths: ['doctor'], words: ['--bundle', '--help'] },
];

/** What the shell itself would offer for these words, the last one being typed. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash', places)}
COMP_WORDS=(moulin "$@"); COMP_CWORD=$#; _moulin; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', ...words], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter(line => line !== '');
}

test('bash offers what may come next', () => {
  assert.deepEqual(offered(''), ['token', 'doctor', '--help']);
  assert.deepEqual(offered('to'), ['token']);
  assert.deepEqual(offered('token', ''), ['list', 'add', '--help']);
  assert.deepEqual(offered('tokens', 'create', '--'), ['--name', '--role', '--help']);
  assert.deepEqual(offered('doctor', '--b'), ['--bundle']);
});

test('options, their values and unknown words are stepped over', () => {
  assert.deepEqual(offered('token', 'add', '--name', 'ci', '--r'), ['--role']);
  assert.deepEqual(offered('nonsense', 'to'), ['token']);
});

const PARSERS = { bash: '-n', zsh: '-n', fish: '--no-execute' } as const;
for (const shell of SHELLS)
  test(`the script for ${shell} is one that its own parser accepts`, { skip: absence(shell) }, t => {
    const file = join(scratchFolder(t), 'script');
    writeFileSync(file, completionScript(shell, places));
    const { status, stderr, error } = spawnSync(shell, [PARSERS[shell], file], { encoding: 'utf8' });
    assert.equal(error, undefined);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

test('fish offers what may come next', { skip: absence('fish') }, () => {
  const offers = (line: string) => {
    const script = `${completionScript('fish', places)}\ncomplete -C '${line}'`;
    const { stdout, status, stderr } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter(offer => offer !== '');
  };
  assert.deepEqual(offers('moulin to'), ['token']);
  assert.deepEqual(offers('moulin tokens create --'), ['--help', '--name', '--role']);
  assert.deepEqual(offers('moulin token add --name ci --r'), ['--role']);
});
