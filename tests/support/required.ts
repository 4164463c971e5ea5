import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether this run must not skip what needs it: `.ci/run` names all that tests can use. */
export function isRequired(name: string): boolean {
  return (process.env.MOULIN_TEST_REQUIRE ?? '').split(/[\s,]+/).includes(name);
}

/** Why tests that drive this program are skipped; false where it is, and where its absence is a failure. */
export function absence(name: string): string | false {
  return programPath(name) === undefined && !isRequired(name) && `${name} is not installed`;
}

/** Debian keeps servers where the path of an ordinary user does not lead. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map(folder => join(folder, name)).find(path => existsSync(path));
}
