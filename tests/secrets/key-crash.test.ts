import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRedactor } from '../../src/base/kit/redact.ts';
import { openKeyProvider, openSecrets, type SecretRef } from '../../src/domains/access/index.ts';
import { testDatabase } from '../support/database.ts';

const ROUNDS = 8;
const worker = fileURLToPath(new URL('./key-work-forever.ts', import.meta.url));

test('kill -9 in the middle of key work, again and again: every secret can still be read', async t => {
  const { store, app, instance_id } = await testDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'moulin-key-crash-'));
  t.after(() => rm(folder, { recursive: true }));
  const open = () => {
    const redactor = createRedactor();
    return openSecrets({
      store,
      redactor,
      keys: openKeyProvider({ given: null, folder, instance_id, redactor }),
    });
  };
  const refs: SecretRef[] = Array.from({ length: 50 }, (_, at) => ({
    workspace_id: null,
    object_kind: 'test',
    object_id: `o${at}`,
    field: 'value',
  }));
  const first = await open();
  await store.withInstance('test', async tx => {
    for (const ref of refs) await first.put(tx, ref, `value of ${ref.object_id}`, 'test');
  });

  const ids = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    await killAfter([JSON.stringify(app), instance_id, folder], 1 + (round % 3));
    const secrets = await open();
    ids.add((await secrets.status()).key_id);
    assert.equal((await secrets.verify()).broken_count, 0);
    for (const ref of refs)
      assert.equal(
        await store.withInstance('test', tx => secrets.read(tx, ref)),
        `value of ${ref.object_id}`,
      );
  }
  assert(ids.size > ROUNDS / 2, 'the key was replaced meanwhile');
  const last = await open();
  assert.equal((await last.rotate({ resume: true })).waiting, 0);
});

/** Lets it work until it has said `words` words, and a little further, to somewhere in the middle of the next piece. */
async function killAfter(words: readonly string[], count: number): Promise<void> {
  const child = spawn(process.execPath, [worker, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  let said = 0;
  for await (const _ of lines) {
    said += 1;
    if (said === count) break;
  }
  assert.equal(said, count, 'the worker works');
  await delay(Math.random() * 8);
  child.kill('SIGKILL');
  await ended;
}
