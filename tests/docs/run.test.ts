import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathsBelow, ROOT, read } from '../../scripts/source/files.ts';
import { blocksOf } from './markdown.ts';

// Blocks that say `sh run` are run as they stand, page by page, in a folder of their own where Moulin runs.

const pages = ['README.md', ...pathsBelow('docs')].filter(
  path => path.endsWith('.md') && scriptOf(path) !== '',
);

test('the commands that the documents show do what they say', { timeout: 240_000 }, async t => {
  assert(pages.length > 4, `${pages.length} pages`);
  const moulin = await startMoulin(t);
  for (const page of pages)
    await t.test(page, () => {
      const { status, stderr, stdout } = spawnSync('bash', ['-euo', 'pipefail', '-c', scriptOf(page)], {
        cwd: moulin.folder,
        env: moulin.env,
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.equal(status, 0, `${stderr}\n${stdout}`);
    });
});

test('a command that fails fails its page', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-docs-'));
  t.after(() => rm(folder, { recursive: true }));
  const { status } = spawnSync('bash', ['-euo', 'pipefail', '-c', 'false | true\ntrue'], { cwd: folder });
  assert.notEqual(status, 0);
});

function scriptOf(page: string): string {
  return blocksOf(read(page))
    .filter(({ language, words }) => language === 'sh' && words.includes('run'))
    .map(({ text }) => text)
    .join('\n');
}

/** The program itself, in a folder of its own, as a reader has it there: `bin/moulin`. */
async function startMoulin(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'moulin docs '));
  const env = environmentIn(folder);
  const moulin = join(folder, 'bin/moulin');
  await mkdir(dirname(moulin));
  await writeFile(moulin, `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'bin/main.mjs')}" "$@"\n`);
  await chmod(moulin, 0o755);
  t.after(async () => {
    spawnSync(moulin, ['stop'], { cwd: folder, env });
    await rm(folder, { recursive: true, maxRetries: 5 });
  });
  const { status, stderr } = spawnSync(moulin, ['start', '--detach', '--port', '0', '--no-open'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return { folder, env };
}

/** Nothing of the person who runs the tests: no settings, no keys, no sign-ins, no proxy. */
function environmentIn(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(MOULIN_|XDG_|.*_proxy$)/i.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: folder,
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    MOULIN_DATA: join(folder, 'data'),
  };
}
