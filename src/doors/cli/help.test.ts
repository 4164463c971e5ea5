import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { COMMANDS } from './commands.ts';

const index = new URL('./index.ts', import.meta.url).href;

/** Runs the command line in a process of its own that tells, at its end, which modules it loaded. */
function modulesLoadedBy(...words: string[]): string[] {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { runCli } = await import(${JSON.stringify(index)});
    const openInstance = () => Promise.reject(new Error('nothing is to be opened'));
    await runCli(${JSON.stringify(words)}, { version: '0', package_folder: '/none', cache_folder: '/none', openInstance });
    process.stderr.write('\\n' + JSON.stringify(loaded));`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stderr.slice(stderr.lastIndexOf('\n'))) as string[];
}

const packagesOf = (urls: readonly string[]) =>
  [...new Set(urls.flatMap(url => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))].sort();

test('help loads the parser of the command line and nothing else', () => {
  const loaded = modulesLoadedBy('--help');
  assert.deepEqual(packagesOf(loaded), ['commander']);
  assert(!loaded.some(url => /\/(domains|base|contract|doors\/server)\//.test(url)), loaded.join('\n'));
});

test('no command file loads a server, a driver or an engine before its action runs', () => {
  // Completion is the one command that loads the files of all others.
  const loaded = modulesLoadedBy('completion', 'bash');
  for (const { name } of COMMANDS)
    assert(
      loaded.some(url => url.endsWith(`/cli/${name}.ts`)),
      name,
    );
  assert.deepEqual(packagesOf(loaded), ['commander', 'yaml', 'zod']);
});
