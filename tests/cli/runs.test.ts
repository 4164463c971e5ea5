import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Incident } from '../../src/contract/alerts.ts';
import type { Run } from '../../src/contract/runs.ts';
import { until } from '../support/until.ts';
import { newInstallation } from './installation.ts';

// Runs as a script has them: started, followed, cancelled and repeated with the real program, worked on by a real worker.

const here = await newInstallation({ after });
await here.start();

const steps = (...list: object[]) => ['--input', JSON.stringify({ steps: list })];
const failing = { do: 'fail', on: { from: 1, to: 1000 } };

test('a run is started with JSON, waited for, and shows what it wrote', async () => {
  const words = ['run', 'start', 'diagnostic', '--wait', '--title', 'greets', '--json'];
  const { code, stdout, stderr } = await here.moulin([
    ...words,
    ...steps({ do: 'log', text: 'hello there' }),
  ]);
  assert.equal(code, 0, stderr);
  const run: Run = JSON.parse(stdout);
  assert.deepEqual([run.title, run.state], ['greets', 'succeeded']);
  for (const follow of [[], ['-f']]) {
    const log = await here.moulin(['runs', 'logs', run.id, ...follow]);
    assert.equal(log.code, 0, log.stderr);
    assert.match(log.stdout, /hello there/);
  }
  const listed = await here.json<Run[]>('runs', 'list', '--state', 'succeeded', '--search', 'GREETS');
  assert.deepEqual(
    listed.map(one => one.id),
    [run.id],
  );
  assert.equal((await here.moulin(['run', 'show', run.id])).code, 0);
  assert.match((await here.moulin(['run', 'tasks', run.id])).stdout, /diagnostic\s+succeeded/);
});

test('input may come through a pipe; what is no JSON, no kind or no input is said', async () => {
  const input = JSON.stringify({ steps: [] });
  const piped = await here.moulin(['run', 'start', 'diagnostic', '--input', '-', '--json'], { input });
  assert.equal(piped.code, 0, piped.stderr);
  assert.equal((await here.moulin(['run', 'start', 'diagnostic', '--input', '{'])).code, 2);
  const unknown = await here.moulin(['run', 'start', 'nothing']);
  assert.match(unknown.stderr, /no task kind "nothing"/);
  const wrong = await here.moulin(['run', 'start', 'diagnostic', '--input', '{"steps": 1}']);
  assert.match(wrong.stderr, /steps/);
});

test('a run that fails says so with its exit code, is an incident, and can be repeated', async () => {
  const failed = await here.moulin(['run', 'start', 'diagnostic', '--wait', '--json', ...steps(failing)]);
  assert.equal(failed.code, 1, failed.stderr);
  const run: Run = JSON.parse(failed.stdout);
  assert.equal(run.state, 'failed');
  await until('the incident is there', async () => {
    const open = await here.json<Incident[]>('incidents', 'list', '--open');
    return open.some(one => one.run_id === run.id);
  });
  const again = await here.json<Run>('run', 'retry', run.id, '--all');
  assert.notEqual(again.id, run.id);
  assert.equal((await here.json<Run>('run', 'retry', run.id)).id, run.id);
});

test('a run that sleeps is cancelled; one that has ended cannot be', async () => {
  const words = ['run', 'start', 'diagnostic', ...steps({ do: 'sleep', ms: 600_000 })];
  const run = await here.json<Run>(...words);
  await here.json<Run>('run', 'cancel', run.id, '--reason', 'not wanted');
  await until(
    'it has ended',
    async () => (await here.json<Run>('run', 'show', run.id)).state === 'cancelled',
  );
  assert.equal((await here.moulin(['run', 'cancel', run.id])).code, 6);
});

test('the webhook is set without its address in the list of processes, tried, and deleted', async () => {
  const nowhere = 'http://127.0.0.1:9/services/secret';
  const refused = await here.moulin(['webhook', 'add'], { input: nowhere });
  assert.match(refused.stderr, /private address/);
  const { code, stderr } = await here.moulin(['webhook', 'add', '--for', 'slack'], {
    input: 'https://hooks.example/secret',
  });
  assert.equal(code, 0, stderr);
  const [shown] = await here.json<{ shown_url: string; format: string }[]>('webhook', 'show');
  assert.deepEqual([shown?.shown_url, shown?.format], ['https://hooks.example', 'slack']);
  assert.equal((await here.moulin(['webhook', 'add', '--keep-address', '--off'])).code, 0);
  assert.equal((await here.moulin(['webhook', 'deliveries'])).code, 0);
  assert.equal((await here.moulin(['webhook', 'delete', '--yes'])).code, 0);
  assert.deepEqual(await here.json('webhook', 'show'), []);
});
