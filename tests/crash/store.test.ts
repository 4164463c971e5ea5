import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { openStore } from '../../src/base/db/index.ts';
import { defer } from '../support/defer.ts';
import { isAlive, NO_PROC, type Process, processesAbout, treeOf } from '../support/process-tree.ts';
import { scratchFolder } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';

// `kill -9` of the process that opened the store, of its guard and of PostgreSQL, alone and together in every order, while
// it writes. Nothing acknowledged is lost, nothing outlives the main process, and the next start needs no help.

const PARTS = ['main', 'guard', 'postgres'] as const;
type Part = (typeof PARTS)[number];

const until = (isSo: () => boolean, what: string) => waitFor(isSo, { seconds: 60, what: () => what });
const isEmpty = (folder: string) => processesAbout(join(folder, 'store')).length === 0;

/** Every order of every choice of them. */
function everyOrder(left: readonly Part[] = PARTS): Part[][] {
  return left.flatMap(part => [
    [part],
    ...everyOrder(left.filter(other => other !== part)).map(rest => [part, ...rest]),
  ]);
}

const WRITER = fileURLToPath(new URL('store/writer.ts', import.meta.url));

interface Writer {
  child: ChildProcess;
  /** The newest number whose commit was acknowledged. */
  acknowledged(): number;
  parts(): Record<Part, Process>;
}

async function startWriter(folder: string, first: number): Promise<Writer> {
  const child = spawn(process.execPath, [WRITER, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let newest = first - 1;
  let is_ready = false;
  createInterface({ input: child.stdout }).on('line', line => {
    is_ready = true;
    newest = Number(/^ok (\d+)$/.exec(line)?.[1] ?? newest);
  });
  await until(() => is_ready || child.exitCode !== null, 'the store to open');
  assert.equal(child.exitCode, null, 'the start needs no help');
  return {
    child,
    acknowledged: () => newest,
    parts: () => findParts(child.pid ?? 0) ?? assert.fail('a process is missing'),
  };
}

function findParts(pid: number): Record<Part, Process> | undefined {
  const tree = treeOf(pid);
  const main = tree.find(one => one.pid === pid);
  const guard = tree.find(({ ppid, command }) => ppid === pid && command.startsWith('sh -c'));
  const postgres = tree.find(({ ppid, command }) => ppid === pid && /bin\/postgres -D/.test(command));
  return main && guard && postgres && { main, guard, postgres };
}

test('killed in every order while it writes, the store loses nothing that was acknowledged', {
  skip: NO_PROC,
}, async t => {
  const folder = scratchFolder(t);
  defer(t, () => {
    for (const { pid } of processesAbout(folder)) process.kill(pid, 'SIGKILL');
  });
  let next = 1;
  for (const order of everyOrder()) {
    const writer = await startWriter(folder, next);
    await until(() => writer.acknowledged() >= next + 5, 'rows');
    const parts = writer.parts();
    for (const part of order) if (isAlive(parts[part])) process.kill(parts[part].pid, 'SIGKILL');

    if (order.includes('main')) {
      if (writer.child.exitCode === null && writer.child.signalCode === null)
        await once(writer.child, 'exit');
      // Where its guard lives, PostgreSQL goes; where both are dead, the next start ends it.
      if (!order.includes('guard'))
        await until(() => !isAlive(parts.postgres), `PostgreSQL to end after ${order}`);
    } else {
      // It goes on, with a new guard and a new PostgreSQL.
      const before = writer.acknowledged();
      await until(
        () => findParts(writer.child.pid ?? 0) !== undefined && writer.acknowledged() > before + 5,
        `the writer to go on after ${order}`,
      );
      for (const part of order) assert.notEqual(writer.parts()[part].pid, parts[part].pid, part);
      writer.child.kill('SIGKILL');
      await once(writer.child, 'exit');
      await until(() => isEmpty(folder), 'everything to end');
    }
    next = writer.acknowledged() + 1;
  }
  const store = await openStore({
    embedded: { folder: join(folder, 'store'), log_file: join(folder, 'postgres.log') },
  });
  defer(t, () => store.close());
  const { rows } = await store.withInstance('test', tx =>
    sql<{ name: string }>`select name from users order by name::int`.execute(tx),
  );
  const found = new Set(rows.map(({ name }) => Number(name)));
  const lost = Array.from({ length: next - 1 }, (_, index) => index + 1).filter(number => !found.has(number));
  assert.deepEqual(lost, []);
  assert(next > 15 * 5, `${next - 1} rows were acknowledged`);
});

test('a first start that is killed at any moment is finished by the next one', { skip: NO_PROC }, async t => {
  const folder = scratchFolder(t);
  defer(t, () => {
    for (const { pid } of processesAbout(folder)) process.kill(pid, 'SIGKILL');
  });
  // Each start gets further: into initdb, the roles, the migrations.
  for (let delay_ms = 50; ; delay_ms *= 1.4) {
    const child = spawn(process.execPath, [WRITER, folder, '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let is_ready = false;
    child.stdout.once('data', () => {
      is_ready = true;
    });
    await new Promise(resolve => setTimeout(resolve, delay_ms));
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (is_ready) break;
  }
  const writer = await startWriter(folder, 1000);
  await until(() => writer.acknowledged() >= 1005, 'rows');
  writer.child.kill('SIGKILL');
  await until(() => isEmpty(folder), 'everything to end');
});

/** As in root's home: PostgreSQL's account cannot execute it. */
function privateNode(t: TestContext): string {
  const folder = join(scratchFolder(t), 'private');
  mkdirSync(folder, { mode: 0o700 });
  const path = join(folder, 'node');
  copyFileSync(process.execPath, path, constants.COPYFILE_FICLONE);
  return path;
}

test('where there is no shell, a guard in JavaScript does the same', { skip: NO_PROC }, async t => {
  const folder = scratchFolder(t);
  defer(t, () => {
    for (const { pid } of processesAbout(folder)) process.kill(pid, 'SIGKILL');
  });
  const child = spawn(privateNode(t), [WRITER, folder, '1', 'node'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const postgres = treeOf(child.pid ?? 0).find(({ command }) => /bin\/postgres -D/.test(command));
  assert(postgres);
  child.kill('SIGKILL');
  await until(() => isEmpty(folder), 'everything to end');
});
