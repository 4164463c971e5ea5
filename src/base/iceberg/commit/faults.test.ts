import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dataFile,
  failingFiles,
  liveNames,
  memoryPointer,
  memoryTable,
} from '../../../../tests/support/iceberg-memory.ts';
import type { Snapshot } from '../model.ts';
import { commitWithRetry, type Operation, openReader, stage } from './index.ts';

// Storage that fails at each call in turn.

type Table = Pick<ReturnType<typeof memoryTable>, 'pointer'>;

const head = ({ pointer }: Table): Snapshot => {
  const { metadata } = pointer.current;
  const id = metadata.refs.main?.['snapshot-id'];
  const found = metadata.snapshots.find(snapshot => snapshot['snapshot-id'] === id);
  assert.ok(found);
  return found;
};

const [old1, old2] = [dataFile('old1'), dataFile('old2')];

const FAULTY: Record<string, { operation: (table: Table) => Operation; after: string[] }> = {
  append: { operation: () => ({ kind: 'append', added: [dataFile('new')] }), after: ['new', 'old1', 'old2'] },
  rewrite: {
    operation: table => ({
      kind: 'rewrite',
      started_from: head(table)['snapshot-id'],
      removed: [old1, old2],
      removed_deletes: [],
      added: [dataFile('both')],
    }),
    after: ['both'],
  },
  publish: { operation: () => ({ kind: 'publish', staged: 's' }), after: ['staged'] },
};

for (const [name, { operation, after }] of Object.entries(FAULTY))
  for (const when of ['before', 'after'] as const)
    test(`${name}: storage that fails ${when} its n-th call leaves the old table or the new one, and again works`, async () => {
      let n = 1;
      for (let done = false; !done; n += 1) {
        const table = memoryTable({ properties: { 'commit.manifest.min-count-to-merge': '2' } });
        await table.commit({ kind: 'append', added: [old1] });
        await table.commit({ kind: 'append', added: [old2] });
        await table.commit({ kind: 'append', orphan: true, branch: 's', added: [dataFile('staged')] });
        const { files, state } = failingFiles(table.files, n, when);
        const pointer = memoryPointer(files, table.pointer.current.metadata);
        const after_all = { ...table, pointer };
        const wanted = operation(table);
        const staged = stage();
        const world = { files, reader: openReader(files) };
        const run = () => commitWithRetry(pointer, wanted, world, { staged });
        const failed = await run().then(
          () => false,
          () => true,
        );
        const names = await liveNames(after_all);
        assert.deepEqual(names, failed ? ['old1', 'old2'] : after, `call ${n}`);
        if (failed) await run();
        assert.deepEqual(await liveNames(after_all), after, `again after call ${n}`);
        for (const manifest of await table.reader.manifests(pointer.current.metadata, head(after_all)))
          assert.ok(table.files.objects.has(manifest.manifest_path), `${manifest.manifest_path} after ${n}`);
        done = !state.failed;
      }
      assert.ok(n > 4, `${n} calls`);
    });
