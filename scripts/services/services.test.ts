import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../../tests/support/until.ts';
import type { Service } from './service.ts';

// A cache of this test's own, known before the place of it is read.
const cache = mkdtempSync(join(tmpdir(), 'moulin-services-'));
process.once('exit', () => rmSync(cache, { recursive: true, force: true }));
process.env.MOULIN_SERVICES_CACHE = cache;
const { isObtained, folderOf, obtainOnce } = await import('./place.ts');
const { isAlive, startDetached, stop } = await import('./process.ts');

const SERVER = `
  import http from 'node:http';
  const [port, data] = process.argv.slice(2);
  console.log('begins in ' + data);
  http.createServer((_, answer) => answer.end('served')).listen(Number(port), '127.0.0.1');
`;

/** A server that is written instead of built; everything after that is as with the large ones. */
function small(name: string, program = SERVER): Service {
  return {
    name,
    version: '1',
    what: '',
    cost: '',
    async obtain(folder) {
      writeFileSync(join(folder, 'server.mjs'), program);
    },
    command: ({ folder, data, port }) => ({
      program: process.execPath,
      args: [join(folder, 'server.mjs'), String(port), data],
    }),
    isReady: async ({ port }) => (await (await fetch(`http://127.0.0.1:${port}/`)).text()) === 'served',
    environment: () => ({}),
  };
}

function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(cache, 'data-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('what is obtained is obtained once, by whoever comes first, and as a whole', async () => {
  const one = small('once');
  let fills = 0;
  const fill = async (folder: string) => {
    fills += 1;
    await one.obtain(folder);
  };
  const folders = await Promise.all(Array.from({ length: 5 }, () => obtainOnce(one, fill)));
  assert.equal(fills, 1);
  assert.deepEqual(new Set(folders), new Set([folderOf(one)]));
  const sums = JSON.parse(readFileSync(join(folderOf(one), '.ok'), 'utf8'));
  assert.match(sums['server.mjs'], /^[0-9a-f]{64}$/);
});

test('what could not be obtained leaves nothing, and what was begun is not taken for the whole', async () => {
  const one = small('broken');
  const broken = async (folder: string) => {
    writeFileSync(join(folder, 'half'), '');
    throw new Error('the network broke');
  };
  await assert.rejects(obtainOnce(one, broken), /the network broke/);
  assert.equal(isObtained(one), false);
  assert.deepEqual(readdirSync(join(cache, 'broken')), ['1.lock']);
  // As somebody left it who was killed, or an older way of filling it.
  mkdirSync(folderOf(one));
  writeFileSync(join(folderOf(one), 'half'), '');
  assert.equal(isObtained(one), false);
  await obtainOnce(one, folder => one.obtain(folder));
  assert.deepEqual(readdirSync(folderOf(one)).sort(), ['.ok', 'server.mjs']);
});

test('a server is there when it answers, goes on by itself, and ends when it is told', async t => {
  const one = small('plain');
  const started = await startDetached(one, dataFolder(t));
  t.after(() => stop(started.pid));
  assert.ok(await one.isReady(started));
  assert.match(readFileSync(join(started.data, 'log'), 'utf8'), /begins in/);
  await stop(started.pid);
  assert.equal(isAlive(started.pid), false);
  await assert.rejects(one.isReady(started));
});

test('a server that does not start is told with its last words', async t => {
  const one = small('dumb', 'console.error("no such option"); process.exit(3);');
  await assert.rejects(startDetached(one, dataFolder(t)), /dumb did not start: .*no such option/);
});

test('a server of a test process ends with it, also when it is killed', async t => {
  const data = dataFolder(t);
  const module = new URL('./process.ts', import.meta.url).href;
  const code = `
    const { startBound } = await import(${JSON.stringify(module)});
    const one = {
      name: 'bound', version: '1', obtain: async folder => (await import('node:fs')).writeFileSync(folder + '/server.mjs', ${JSON.stringify(SERVER)}),
      command: ({ folder, data, port }) => ({ program: process.execPath, args: [folder + '/server.mjs', String(port), data] }),
      isReady: async ({ port }) => (await fetch('http://127.0.0.1:' + port)).ok,
    };
    console.log((await startBound(one, ${JSON.stringify(data)})).port);
    setInterval(() => {}, 1000);
  `;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => other.kill('SIGKILL'));
  const [said] = await once(other.stdout, 'data');
  const url = `http://127.0.0.1:${String(said).trim()}/`;
  assert.ok((await fetch(url)).ok);
  other.kill('SIGKILL');
  await until('the server to end', () =>
    fetch(url).then(
      () => false,
      () => true,
    ),
  );
});

test('npm run services says what there is, and what is wrong', async () => {
  const said = async (...args: string[]) => {
    const child = spawn(process.execPath, [new URL('./main.ts', import.meta.url).pathname, ...args], {
      env: { ...process.env, MOULIN_SERVICES_CACHE: cache },
    });
    const output = [...(await child.stdout.toArray()), ...(await child.stderr.toArray())].join('');
    if (child.exitCode === null) await once(child, 'exit');
    return { output, code: child.exitCode };
  };
  const { output } = await said('list');
  assert.match(output, /versitygw +not obtained/);
  assert.match((await said('stop', 'versitygw')).output, /versitygw does not run/);
  const unknown = await said('start', 'nothing');
  assert.equal(unknown.code, 1);
  assert.match(unknown.output, /There is no service "nothing"; there are: versitygw, minio, trino/);
  assert.match((await said('dance', 'minio')).output, /list \| obtain NAME/);
  assert.equal(existsSync(join(cache, 'versitygw')), false);
});
