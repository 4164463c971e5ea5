import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ROOT } from '../../scripts/source/files.ts';

// How fast `moulin --help` answers is measured in bench/; what makes it slow is loading, and that can be listed.

const RECORDER = new URL('./record-modules.mjs', import.meta.url).href;

/** What `--help` may load of npm's packages. */
const LIGHT_PACKAGES = ['commander'];
/** Where its own files may lie. */
const LIGHT_FOLDERS =
  /^(bin|scripts\/launch|src\/main\.ts|src\/main\/part-word\.ts|src\/doors\/cli|src\/contract|src\/base\/kit)(\/|$)/;

test('moulin --help loads neither drivers, nor server, nor store, nor engine', () => {
  const { packages, files } = loadedBy(['--help']);
  assert.deepEqual(packages, LIGHT_PACKAGES);
  assert.deepEqual(
    files.filter(file => !LIGHT_FOLDERS.test(file)),
    [],
  );
  assert(files.length > 5 && files.length < 40, `${files.length} files: ${files.join(' ')}`);
});

test('the help of one command loads that command, not the others', () => {
  const { packages, files } = loadedBy(['token', 'add', '--help']);
  assert.deepEqual(
    packages.filter(name => /pg|kysely|fastify|pino|undici|argon2|openid|duckdb/.test(name)),
    [],
  );
  assert(files.includes('src/doors/cli/token.ts'));
  assert(!files.includes('src/doors/cli/audit.ts'));
});

test('a runner loads no package, and of ours only what it is', () => {
  const { packages, files } = loadedBy(['--runner-process']);
  assert.deepEqual(packages, []);
  const own =
    /^(bin\/|scripts\/launch\/|src\/main\.ts|src\/main\/part-word\.ts|src\/domains\/runs\/runner\/)/;
  assert.deepEqual(
    files.filter(file => !own.test(file)),
    [],
  );
});

test('the recorder sees what a process loads', () => {
  const { packages } = loadedBy(['-e', "await import('yaml')"], []);
  assert.deepEqual(packages, ['yaml']);
});

function loadedBy(args: readonly string[], program = [join(ROOT, 'bin/main.mjs')]) {
  const folder = mkdtempSync(join(tmpdir(), 'moulin-modules-'));
  try {
    const MODULES_FILE = join(folder, 'modules');
    const inputType = program.length === 0 ? ['--input-type=module'] : [];
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', RECORDER, ...inputType, ...program, ...args],
      {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, MODULES_FILE },
      },
    );
    assert.equal(status, 0, stderr);
    return sorted(readFileSync(MODULES_FILE, 'utf8').split('\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sorted(urls: readonly string[]): { packages: string[]; files: string[] } {
  const root = pathToFileURL(ROOT).href;
  const paths = urls.filter(url => url.startsWith(root)).map(url => fileURLToPath(url).slice(ROOT.length));
  const packages = paths.flatMap(path => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return {
    packages: [...new Set(packages)].sort(),
    files: paths.filter(path => !path.startsWith('node_modules/')),
  };
}
