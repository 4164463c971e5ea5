import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Profiles } from './profiles.ts';
import { chooseTarget } from './target.ts';

const profiles: Profiles = {
  current: 'work',
  profiles: {
    work: { url: 'https://work', token: 't-work', workspace: 'sales' },
    lab: { url: 'https://lab', token: 't-lab' },
  },
};
const none: Profiles = { current: null, profiles: {} };
const urlOf = (target: ReturnType<typeof chooseTarget>) =>
  'unknown' in target ? `unknown ${target.unknown}` : target.kind === 'local' ? 'local' : target.url;

test('without a word it is the data folder', () => {
  assert.deepEqual(chooseTarget({}, {}, none), { kind: 'local', workspace: undefined });
});

test('options win over variables, variables over the sign-in', () => {
  const env = { MOULIN_URL: 'https://env', MOULIN_DATA: '/d', MOULIN_PROFILE: 'lab' };
  assert.equal(urlOf(chooseTarget({ url: 'https://flag' }, env, profiles)), 'https://flag');
  assert.equal(urlOf(chooseTarget({ data: '/x' }, env, profiles)), 'local');
  assert.equal(urlOf(chooseTarget({ profile: 'work' }, env, profiles)), 'https://work');
  assert.equal(urlOf(chooseTarget({}, env, profiles)), 'https://env');
  assert.equal(urlOf(chooseTarget({}, { ...env, MOULIN_URL: '' }, profiles)), 'local');
  assert.equal(urlOf(chooseTarget({}, { MOULIN_PROFILE: 'lab' }, profiles)), 'https://lab');
  assert.equal(urlOf(chooseTarget({}, {}, profiles)), 'https://work');
});

test('a sign-in that is not there is not replaced by another', () => {
  assert.equal(urlOf(chooseTarget({ profile: 'wrok' }, {}, profiles)), 'unknown wrok');
  assert.equal(urlOf(chooseTarget({ profile: 'toString' }, {}, profiles)), 'unknown toString');
});

test('the token of a variable goes to the address of a variable or option only', () => {
  const env = { MOULIN_TOKEN: 't-env' };
  const remote = chooseTarget({ url: 'https://flag' }, env, profiles);
  assert.equal('token' in remote && remote.token, 't-env');
  const saved = chooseTarget({}, env, profiles);
  assert.equal('token' in saved && saved.token, 't-work');
});

test('the workspace is the option, the variable, or that of the sign-in', () => {
  const workspaceOf = (options: object, env: object) => {
    const target = chooseTarget(options, env as Record<string, string>, profiles);
    return 'workspace' in target ? target.workspace : undefined;
  };
  assert.equal(workspaceOf({ workspace: 'a' }, { MOULIN_WORKSPACE: 'b' }), 'a');
  assert.equal(workspaceOf({}, { MOULIN_WORKSPACE: 'b' }), 'b');
  assert.equal(workspaceOf({}, {}), 'sales');
  assert.equal(workspaceOf({ data: '/x' }, {}), undefined);
});
