import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runnerEnvironment } from './environment.ts';

test('a runner gets where things are and nothing that says who we are, unless that is named', () => {
  const ours = { PATH: '/bin', PGPASSWORD: 'x', MOULIN_KEY: 'x', AWS_PROFILE: 'lake', AWS_REGION: 'eu' };
  assert.deepEqual(runnerEnvironment(ours, { TMPDIR: '/t' }), { PATH: '/bin', TZ: 'UTC', TMPDIR: '/t' });
  const passed = runnerEnvironment(ours, {}, ['AWS_PROFILE', 'AWS_ROLE_ARN']);
  assert.deepEqual(passed, { PATH: '/bin', TZ: 'UTC', AWS_PROFILE: 'lake' });
});
