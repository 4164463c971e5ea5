import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../base/kit/errors.ts';
import { profilesFile, readProfiles, withoutProfile, withProfile, writeProfiles } from './profiles.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'moulin-profiles-'));
  t.after(() => rmSync(path, { recursive: true }));
  return join(path, 'moulin');
}

test('sign-ins are kept for their owner only, the last one is the current one', t => {
  const home = folder(t);
  assert.deepEqual(readProfiles(home), { current: null, profiles: {} });
  const work = { url: 'https://work', token: 't1' };
  const lab = { url: 'https://lab', token: 't2', workspace: 'w' };
  writeProfiles(home, withProfile(readProfiles(home), 'work', work));
  writeProfiles(home, withProfile(readProfiles(home), 'lab', lab));
  assert.deepEqual(readProfiles(home), { current: 'lab', profiles: { work, lab } });
  assert.equal(statSync(profilesFile(home)).mode & 0o777, 0o600);
  assert.equal(statSync(home).mode & 0o777, 0o700);
  writeProfiles(home, withoutProfile(readProfiles(home), 'lab'));
  assert.deepEqual(readProfiles(home), { current: null, profiles: { work } });
});

test('a file that was damaged is named, not replaced', t => {
  const home = folder(t);
  writeProfiles(home, { current: null, profiles: {} });
  writeFileSync(profilesFile(home), '{"current":');
  assert.throws(
    () => readProfiles(home),
    error => isFailure(error, 'cli.profiles_unreadable'),
  );
});
