import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findJdk } from './java.ts';

// Versions that no machine has, so that none of its own is found.

function jdk(t: TestContext, variable: string, release: string): string {
  const home = mkdtempSync(join(tmpdir(), 'moulin-jdk-'));
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'java'), '');
  writeFileSync(join(home, 'release'), release);
  process.env[variable] = home;
  t.after(() => {
    delete process.env[variable];
    rmSync(home, { recursive: true });
  });
  return home;
}

test('a JDK is found by what it says it is, in the order in which versions are wanted', t => {
  const first = jdk(t, 'JAVA_HOME_901', 'IMPLEMENTOR="x"\nJAVA_VERSION="901.0.2"\n');
  const second = jdk(t, 'JAVA_HOME_902', 'JAVA_VERSION="902-ea"\n');
  assert.equal(findJdk([901]), first);
  assert.equal(findJdk([902, 901]), second);
  assert.equal(findJdk([900, 901]), first);
});

test('what is no JDK, or of another version, is none', t => {
  jdk(t, 'JAVA_HOME_903', 'nothing of this kind');
  const gone = jdk(t, 'JAVA_HOME_904', 'JAVA_VERSION="904"');
  rmSync(join(gone, 'bin'), { recursive: true });
  assert.equal(findJdk([903, 904, 90]), undefined);
});
