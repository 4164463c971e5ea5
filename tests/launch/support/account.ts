import { execFileSync, spawnSync } from 'node:child_process';

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** Why there can be no account beside this one; false when there can. */
export const NO_ACCOUNT =
  process.getuid?.() === 0 && spawnSync('useradd', ['--help']).status === 0
    ? false
    : 'making an account needs root and useradd';

/** An ordinary user without a home; the tests give them one. */
export function makeAccount(after: (undo: () => void) => void): Account {
  const name = `moulin-test-${process.pid}`;
  execFileSync('useradd', ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/sh', name]);
  after(() => spawnSync('userdel', ['--force', name]));
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { name, uid: id('-u'), gid: id('-g') };
}
