import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dataFile,
  liveNames,
  type MemoryFiles,
  memoryFiles,
  memoryPointer,
  memoryTable,
} from '../../../../tests/support/iceberg-memory.ts';
import { commitWithRetry, type Operation, openReader } from '../commit/index.ts';
import { reachable } from '../maintain/index.ts';
import { parseMetadata, printMetadata } from '../metadata/index.ts';
import type { TableMetadata } from '../model.ts';
import type { Files, Pointer } from '../world.ts';

// A disk that has what was sealed, and loses everything else when the power goes.

interface Disk {
  files: Files;
  /** The power goes at call number `n`, before or after it has done its work. */
  cutAt(n: number, when: 'before' | 'after'): void;
  /** What is there when the machine is on again. */
  afterCut(): MemoryFiles;
}

class PowerCut extends Error {}

function disk(): Disk {
  const memory = memoryFiles();
  let [calls, cut, cut_when] = [0, Number.POSITIVE_INFINITY, 'before'];
  const powered =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      calls += 1;
      if (calls > cut || (calls === cut && cut_when === 'before')) throw new PowerCut();
      const answer = await call(...args);
      if (calls >= cut) throw new PowerCut();
      return answer;
    };
  return {
    files: {
      ...memory,
      read: powered(memory.read),
      write: powered(memory.write),
      seal: powered(memory.seal),
      remove: powered(memory.remove),
      exists: powered(memory.exists),
    },
    cutAt(n, when) {
      [calls, cut, cut_when] = [0, n, when];
    },
    afterCut() {
      const left = memoryFiles();
      for (const [location, object] of memory.objects)
        if (memory.sealed.has(location)) left.objects.set(location, object);
      return left;
    },
  };
}

/** A pointer in a store of its own, which is durable by itself; what it points to has to be so before. */
function durablePointer(files: Files, start: { metadata: TableMetadata; location: string }) {
  let current = start;
  let version = 0;
  const pointer: Pointer = {
    load: async () => current,
    async swap(base, metadata) {
      version += 1;
      const location = `${metadata.location}/metadata/p${version}.metadata.json`;
      await files.write(location, Buffer.from(printMetadata(metadata)));
      await files.seal([location]);
      if (base !== current.location) return false;
      current = { metadata, location };
      return true;
    },
  };
  return { pointer, now: () => current };
}

/** Data files as a writer leaves them: brought, and not sealed, which is the commit's matter. */
async function bring(files: Files, ...names: string[]) {
  const data = names.map(name => dataFile(name));
  for (const { file_path } of data) await files.write(file_path, Buffer.from(file_path));
  return data;
}

const OPERATIONS: Record<string, { operation: (old: TableMetadata) => Operation; after: string[] }> = {
  append: {
    operation: () => ({ kind: 'append', added: [dataFile('new')] }),
    after: ['new', 'old1', 'old2'],
  },
  overwrite: {
    operation: old => ({
      kind: 'overwrite',
      where: { op: 'true' },
      started_from: old['current-snapshot-id'] ?? null,
      removed: [dataFile('old1')],
      added: [dataFile('new')],
    }),
    after: ['new', 'old2'],
  },
  'rewrite of manifests': { operation: () => ({ kind: 'rewrite_manifests' }), after: ['old1', 'old2'] },
};

for (const [name, { operation, after }] of Object.entries(OPERATIONS))
  for (const when of ['before', 'after'] as const)
    test(`${name}: whenever the power goes (${when} a call), the table that the pointer names is whole`, async () => {
      let [n, cuts] = [1, 0];
      for (let done = false; !done; n += 1) {
        const machine = disk();
        const { metadata } = memoryTable({
          properties: { 'commit.manifest.min-count-to-merge': '3' },
        }).pointer.current;
        const location = `${metadata.location}/metadata/0.metadata.json`;
        await machine.files.write(location, Buffer.from(printMetadata(metadata)));
        await machine.files.seal([location]);
        const { pointer, now } = durablePointer(machine.files, { metadata, location });
        const commit = (wanted: Operation) =>
          commitWithRetry(
            pointer,
            wanted,
            { files: machine.files, reader: openReader(machine.files) },
            { wait: async () => undefined },
          );
        for (const file of ['old1', 'old2'])
          await commit({ kind: 'append', added: await bring(machine.files, file) });
        const wanted = operation(now().metadata);
        await bring(machine.files, 'new');

        machine.cutAt(n, when);
        done = await commit(wanted).then(
          () => true,
          error => {
            assert.ok(error instanceof PowerCut, String(error));
            cuts += 1;
            return false;
          },
        );
        const left = machine.afterCut();
        const table = parseMetadata(await left.read(now().location), now().location);
        for await (const needed of reachable(table, now().location, openReader(left)))
          assert.ok(
            left.objects.has(needed.location),
            `call ${n}: ${needed.use} ${needed.location} is there`,
          );
        const again = { ...memoryTable(), pointer: memoryPointer(left, table), reader: openReader(left) };
        const is_new = table.snapshots.length === 3;
        assert.deepEqual(await liveNames(again), is_new ? after : ['old1', 'old2'], `call ${n}`);
        assert.ok(is_new || !done, 'what was answered with success is there');
      }
      assert.ok(cuts >= 5, `${cuts} cuts`);
    });
