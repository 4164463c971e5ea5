import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ROOT } from '../../scripts/source/files.ts';
import { makeHome, oddFolder } from '../launch/support/clone.ts';
import { allGone, personsEnvironment, runToEnd, startAndWait } from '../launch/support/running.ts';
import { NO_PROC, processesAbout } from '../support/process-tree.ts';

// What `npm publish` would send, installed by a stranger in an empty folder and started there.

const undo: (() => void)[] = [];
const root = NO_PROC ? '' : oddFolder(one => void undo.push(one));
const folder = join(root, 'somebody’s project');
const env = NO_PROC ? {} : personsEnvironment(makeHome(join(root, 'home')));
const options = { skip: NO_PROC };

interface Packed {
  filename: string;
  size: number;
  files: { path: string }[];
}
let packed: Packed;

before(() => {
  if (NO_PROC) return;
  mkdirSync(folder);
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: ROOT, stdio: 'inherit' });
  // Built above, by the same script that `npm pack` calls: where install scripts are off, npm does not call it.
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', root];
  [packed] = JSON.parse(execFileSync('npm', words, { cwd: ROOT, env, encoding: 'utf8', stdio: 'pipe' }));
});
afterEach(() => {
  if (!NO_PROC) for (const { pid } of processesAbout(root)) process.kill(pid, 'SIGKILL');
});
after(() => {
  for (const one of undo) one();
});

test('the tarball holds JavaScript, its types, SQL and pages, and no source, test or tool', options, () => {
  const paths = packed.files.map(({ path }) => path);
  for (const needed of [
    'bin/moulin',
    'bin/main.mjs',
    'dist/main.js',
    'dist/main.d.ts',
    'dist/base/iceberg/index.js',
    'dist/base/iceberg/index.d.ts',
    'examples/iceberg/README.md',
    'web/dist/index.html',
    'web/dist/licences.md',
    'LICENSE',
    'NOTICE',
    'README.md',
  ])
    assert.ok(paths.includes(needed), needed);
  assert.ok(
    paths.some(path => /^dist\/.*\/000001_\w+\.sql$/.test(path)),
    'migrations',
  );
  const foreign = paths.filter(path =>
    /(^|\/)(src|tests|bench|node_modules)\/|\.test\.|\.golden\.|(?<!\.d)\.ts$|\.tsx$/.test(path),
  );
  assert.deepEqual(foreign, []);
});

test('every file that JavaScript of ours imports is in it', options, () => {
  const scripts = packed.files.map(({ path }) => path).filter(path => /^dist\/.*\.js$/.test(path));
  for (const path of scripts) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    for (const [, name = ''] of text.matchAll(/(?:from|import\()\s*["'](\.[^"']+)["']/g))
      assert.ok(existsSync(join(ROOT, path, '..', name)) && !name.endsWith('.ts'), `${path} imports ${name}`);
  }
});

test('installed in an empty folder it starts, answers and stops', options, async () => {
  const install = [
    'install',
    join(root, packed.filename),
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ];
  execFileSync('npm', install, { cwd: folder, env, stdio: 'pipe' });
  assert.equal(existsSync(join(folder, 'node_modules', 'typescript')), false, 'no tools of ours');
  const where = { cwd: folder, env };

  const running = await startAndWait(['npx', 'moulin', 'start', '--port', '0', '--no-open'], where);
  const page = await fetch(running.url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<script type="module"/);
  const words = ['token', 'create', '--role', 'admin', '--name', 'ci', '--json'];
  const { code, output, stdout } = await runToEnd(['npx', 'moulin', ...words], where);
  assert.equal(code, 0, output);
  // Remarks of npx about settings that it does not know go to standard error.
  const me = await fetch(`${running.url}/api/v1/me`, {
    headers: { authorization: `Bearer ${JSON.parse(stdout).token}` },
  });
  assert.equal(me.status, 200);
  assert.equal(
    existsSync(join(folder, '.moulin', 'instance.json')),
    true,
    'its data is where it was started',
  );

  assert.equal((await runToEnd(['npx', 'moulin', 'stop'], where)).code, 0);
  assert.equal(await running.ended(), 0);
  await allGone(root);
});

test('as a library it opens an installation without a server', options, () => {
  const code = `import { main } from 'moulin'; console.log(typeof main);`;
  const words = ['--input-type=module', '-e', code];
  assert.equal(execFileSync(process.execPath, words, { cwd: folder, env, encoding: 'utf8' }), 'function\n');
});

test('its Iceberg library makes, fills and reads a table', options, () => {
  const code = `
    import { openLake } from 'moulin/iceberg';
    const lake = await openLake('warehouse');
    const table = await lake.createTable('shop.orders', { columns: 'id: long not null', partition: ['bucket(2, id)'] });
    await table.append('SELECT range AS id FROM range(10)');
    await table.delete('id < 3');
    console.log(await table.count());
    lake.close();`;
  const words = ['--input-type=module', '-e', code];
  assert.equal(execFileSync(process.execPath, words, { cwd: folder, env, encoding: 'utf8' }), '7\n');
});
