import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { completionScript, type Place } from './completion-script.ts';

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

test('each shell gets a script that its own parser accepts', t => {
  const parsers = { bash: ['bash', '-n'], zsh: ['zsh', '-n'], fish: ['fish', '--no-execute'] } as const;
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const [command, flag] = parsers[shell];
    const isThere = spawnSync(command, ['--version']).error === undefined;
    if (!isThere) {
      t.diagnostic(`${shell} is not installed here: its script is not parsed`);
      continue;
    }
    const { status, stderr } = spawnSync(command, [flag], {
      input: completionScript(shell, places),
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${shell}: ${stderr}`);
  }
});
