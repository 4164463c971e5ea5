import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore } from '../../src/base/db/index.ts';
import { type LocalEngine, localEngine } from '../../src/base/iceberg/index.ts';
import { type Lake, type LakeContext, openLake } from '../../src/domains/lakehouse/index.ts';
import { plantWorkspace } from '../../tests/support/attempts.ts';
import { contextOf, lakeParts } from '../../tests/support/lake.ts';
import { processesAbout, proportionalMemory } from '../../tests/support/process-tree.ts';

/** The lake in a folder, its catalog in a PostgreSQL of its own, which syncs as in operation. */
export interface LakeWorld {
  lake: Lake;
  context: LakeContext;
  engine: LocalEngine;
  folder: string;
  /** Of this process and of PostgreSQL. */
  memoryMb(): number;
  close(): Promise<void>;
}

const MB = 1024 * 1024;

export async function lakeWorld(): Promise<LakeWorld> {
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const one of undo.toReversed()) await one();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    // When root runs this, PostgreSQL runs as somebody else and must get through.
    await chmod(folder, 0o711);
    const store = await openStore({
      embedded: { folder: join(folder, 'store'), log_file: join(folder, 'log') },
    });
    undo.push(() => store.close());
    const after: TestContext['after'] = one => void (one && undo.push(one as () => unknown));
    const parts = await lakeParts({ after }, { store }, folder);
    // Many small things side by side.
    const engine = await localEngine({ memory: '256MB', threads: 1 });
    undo.push(() => engine.close());
    const context = contextOf(await plantWorkspace(store));
    const memoryMb = () =>
      [{ pid: process.pid, ppid: 0, started: '', command: '' }, ...processesAbout(folder)].reduce(
        (sum, one) => sum + proportionalMemory(one),
        0,
      ) / MB;
    return { lake: openLake(parts), context, engine, folder, memoryMb, close };
  } catch (error) {
    await close();
    throw error;
  }
}
