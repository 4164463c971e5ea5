import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from './commands.ts';

/** Runs the command line in a process of its own that tells, at its end, what it loaded. */
function loadedBy(...words: string[]): string[] {
  const index = fileURLToPath(new URL('./index.ts', import.meta.url));
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { runCli } = await import(${JSON.stringify(`file://${index}`)});
    const host = { version: '0', package_folder: '/none', cache_folder: '/none', openInstance: () => Promise.reject(new Error('opened')) };
    await runCli(${JSON.stringify(words)}, host);
    process.stderr.write(JSON.stringify(loaded));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, '--'], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  return JSON.parse(output || '[]') as string[];
}

const packagesIn = (urls: readonly string[]) =>
  new Set(urls.flatMap(url => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
