import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ROOT } from '../../scripts/source/files.ts';
import { waitFor } from '../support/wait-for.ts';
import { personsEnvironment, runToEnd, start } from './support/running.ts';

// Where Node 24 comes from on a machine whose Node is older: a registry of a company, which wants a token. The registry here is
// ours and holds one package; npm, its configuration and the launcher are the real ones.

const NAME = `node-${process.platform}-${process.arch}`;
const TOKEN = 'token-of-the-company';
const [major = '0'] = spawnSync('node', ['-p', 'process.versions.node'], {
  env: personsEnvironment('/'),
  encoding: 'utf8',
}).stdout.split('.');
const skip =
  process.platform !== 'linux'
    ? 'the package of this system has another shape'
    : Number(major) >= 24 && 'this Node needs no other one';

interface Registry {
  url: string;
  /** Paths that were asked for with the right token. */
  served: string[];
  /** Packages are sent only when what it returns is called. */
  hold(): () => void;
}

/** A program that is what the launcher wants, or not: the Node of this test under another name. */
async function openRegistry(
  t: TestContext,
  binary = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`,
): Promise<Registry> {
  const folder = scratch(t);
  mkdirSync(join(folder, 'package', 'bin'), { recursive: true });
  writeFileSync(
    join(folder, 'package', 'package.json'),
    JSON.stringify({ name: NAME, version: '24.99.0', bin: 'bin/node' }),
  );
  writeFileSync(join(folder, 'package', 'bin', 'node'), binary, { mode: 0o755 });
  execFileSync('tar', ['-czf', 'package.tgz', 'package'], { cwd: folder });
  const tarball = readFileSync(join(folder, 'package.tgz'));

  const served: string[] = [];
  let gate = Promise.resolve();
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { url, served, hold };

  async function answer({ url: path = '', headers }: IncomingMessage, response: ServerResponse) {
    if (headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end('{}');
    served.push(path);
    if (path.endsWith('.tgz')) {
      await gate;
      return void response.end(tarball);
    }
    if (path !== `/${NAME}`) return void response.writeHead(404).end('{}');
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const version = {
      name: NAME,
      version: '24.99.0',
      dist: { tarball: `${url}${NAME}/-/24.99.0.tgz`, integrity },
    };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ name: NAME, 'dist-tags': { latest: '24.99.0' }, versions: { '24.99.0': version } }),
    );
  }
}

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'moulin registre é '));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The launcher as it lies in an installed package, with a program that says which Node runs it. */
function installedPackage(t: TestContext): string {
  const folder = scratch(t);
  for (const part of ['bin', 'scripts/launch', 'scripts/launch.mjs'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(
    join(folder, 'dist', 'main.js'),
    'export async function main(argv) { console.log(process.version, ...argv); }\n',
  );
  return folder;
}

function employee(t: TestContext, registry: Registry, token: string): NodeJS.ProcessEnv {
  const home = scratch(t);
  writeFileSync(
    join(home, '.npmrc'),
    `registry=${registry.url}\n${registry.url.slice('http:'.length)}:_authToken=${token}\n`,
  );
  const { npm_config_userconfig, npm_config_registry, ...env } = personsEnvironment(home);
  return { ...env, npm_config_cache: join(home, 'npm'), npm_config_fetch_retries: '0' };
}

const cached = (env: NodeJS.ProcessEnv) =>
  join(env.HOME ?? '', '.cache', 'moulin', `node-24-${process.platform}-${process.arch}`);

test('Node 24 comes once from the registry that npm is configured for, with its token', { skip }, async t => {
  const registry = await openRegistry(t);
  const env = employee(t, registry, TOKEN);
  const where = { cwd: installedPackage(t), env };
  const run = () => start(['node', 'bin/moulin', 'a b', '--c'], where);

  // Two at the same moment: one of them installs, whichever, and the other waits and uses what is there.
  const release = registry.hold();
  const both = [run(), run()];
  await waitFor(() => both.some(({ output }) => output().includes('Waiting for another start')), {
    seconds: 60,
    what: () => `one to wait for the other:\n${both.map(({ output }) => output()).join('\n')}`,
  });
  release();
  for (const { ended, output } of both)
    assert.ok((await ended()) === 0 && output().endsWith(`${process.version} a b --c\n`), output());
  assert.equal(both.filter(({ output }) => output().includes('Installing Node 24')).length, 1);
  assert.equal(registry.served.filter(path => path.endsWith('.tgz')).length, 1);

  registry.served.length = 0;
  const later = run();
  assert.equal(await later.ended(), 0);
  assert.equal(later.output(), `${process.version} a b --c\n`);
  assert.deepEqual(registry.served, [], 'a later start asks nobody');
  const names = readdirSync(join(cached(env), '..')).filter(name => name.startsWith('node-'));
  assert.deepEqual(names, [cached(env).split('/').at(-1)], 'nothing half-done beside it');
});

test('a binary that was damaged is installed again', { skip }, async t => {
  const registry = await openRegistry(t);
  const env = employee(t, registry, TOKEN);
  const where = { cwd: installedPackage(t), env };
  const run = () => runToEnd(['node', 'bin/moulin'], where);
  assert.equal((await run()).code, 0);
  truncateSync(join(cached(env), 'bin', 'node'), 5);
  assert.match((await run()).output, /✔ Installing Node 24/);
});

test('a registry that refuses us: its own words, the next step, and nothing half-done', { skip }, async t => {
  const registry = await openRegistry(t);
  const env = employee(t, registry, 'expired');
  const { code, output } = await runToEnd(['node', 'bin/moulin'], { cwd: installedPackage(t), env });
  assert.equal(code, 1);
  assert.match(output, /Node 24 \(npm package .*\) was not installed:\n {2}code E401/);
  assert.match(output, /check the token in your \.npmrc/);
  assert.doesNotMatch(output, /_logs|\n\s+at /);
  assert.deepEqual(
    readdirSync(join(cached(env), '..')).filter(name => name.startsWith('node-')),
    [],
  );
});

test('a Node that does not run here is not kept', { skip }, async t => {
  const registry = await openRegistry(t, '#!/bin/sh\nexit 127\n');
  const env = employee(t, registry, TOKEN);
  const { code, output } = await runToEnd(['node', 'bin/moulin'], { cwd: installedPackage(t), env });
  assert.equal(code, 1);
  assert.match(
    output,
    /does not run on this system \(exit code 127\)\.\n {2}Install Node 24 from nodejs\.org/,
  );
  assert.deepEqual(
    readdirSync(join(cached(env), '..')).filter(name => name.startsWith('node-')),
    [],
  );
});

test('an account without a home keeps it beside the program', { skip }, async t => {
  const registry = await openRegistry(t);
  const { HOME: home = '', npm_config_cache, ...env } = employee(t, registry, TOKEN);
  const cwd = installedPackage(t);
  const nowhere = {
    ...env,
    HOME: '/nonexistent',
    XDG_CACHE_HOME: '/dev/null',
    npm_config_userconfig: join(home, '.npmrc'),
  };
  const { code, output } = await runToEnd(['node', 'bin/moulin', 'x'], { cwd, env: nowhere });
  assert.equal(code, 0, output);
  chmodSync(cwd, 0o755);
  assert.ok(readdirSync(join(cwd, '.cache')).some(name => name.startsWith('node-24-')));
});
