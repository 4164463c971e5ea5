import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { icebergRead } from 'icebird';
import { memoryPointer } from '../../../../tests/support/iceberg-memory.ts';
import { isIcebergError } from '../errors.ts';
import { fileLocation, localEngine, localFiles } from '../local/index.ts';
import { compactionRules, planCompaction, stageCompaction } from '../maintain/index.ts';
import { applyUpdates, newMetadata, printMetadata } from '../metadata/index.ts';
import type { SnapshotId } from '../model.ts';
import { openScan, planScan, tableAt } from '../scan/index.ts';
import type { Files } from '../world.ts';
import { writeData } from '../write/index.ts';
import {
  commitWithRetry,
  type Operation,
  openReader,
  planDelete,
  planMerge,
  planUpdate,
  type RowPlan,
  stageRows,
} from './index.ts';

// Random sequences of everything that can be done to rows, beside a plain table of DuckDB: after every step both have the same
// rows, read by us and by a reader that others wrote. Every third step or so the storage fails somewhere on the way; then the
// table is as it was before or as it should be after, and the step is done again.

const SEEDS = [1, 2, 3, 4];
const STEPS = 18;

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fails at one call after `arm(n)`, and works again from then on. */
function fragile(files: Files) {
  let left = Number.POSITIVE_INFINITY;
  const guarded =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      left -= 1;
      if (left === 0) throw new Error('the storage fails');
      return call(...args);
    };
  const weak: Files = {
    ...files,
    read: guarded(files.read),
    write: guarded(files.write),
    seal: guarded(files.seal),
    open: guarded(files.open),
    draft: guarded(files.draft),
  };
  return {
    files: weak,
    arm: (calls: number) => {
      left = calls;
    },
  };
}

async function world(t: TestContext, properties: Record<string, string>, by_city: boolean) {
  const root = await mkdtemp(join(tmpdir(), 'property-'));
  const engine = await localEngine({ threads: 2 });
  t.after(async () => {
    await engine.close();
    await rm(root, { recursive: true, force: true });
  });
  const sound = await localFiles(root);
  const { files, arm } = fragile(sound);
  const metadata = newMetadata({
    location: fileLocation(join(root, 't')),
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'city', required: false, type: 'string' },
        { id: 3, name: 'n', required: false, type: 'int' },
      ],
    },
    ...(by_city ? { spec: { fields: [{ 'source-id': 2, name: 'city', transform: 'identity' }] } } : {}),
    properties: { 'commit.manifest.min-count-to-merge': '3', ...properties },
    now_ms: Date.now(),
  });
  const pointer = memoryPointer(files, metadata);
  return { engine, files, sound, arm, pointer, reader: openReader(files) };
}

type World = Awaited<ReturnType<typeof world>>;

/** `run` does it to the table, `model` to the plain one (whose rows are `FROM model`). */
interface Step {
  name: string;
  run: () => Promise<void>;
  model: string;
}

function stepsOf(w: World, random: () => number): (() => Step | undefined)[] {
  const { engine, files, pointer, reader } = w;
  const at = () => tableAt(pointer.current.metadata, reader);
  const below = (n: number) => Math.floor(random() * n);
  const commit = async (operation: Operation) => {
    await commitWithRetry(pointer, operation, { files, reader }, { wait: async () => undefined });
  };
  const change = (plan: () => Promise<RowPlan>) => async () =>
    commit(await stageRows(await plan(), { files, engine }, { attempt: 'change' }));
  const rows = (low: number, count: number, city = 'i % 3') =>
    `SELECT i AS id, CASE WHEN i % 11 = 0 THEN NULL ELSE 'c' || (${city}) END AS city, (i * 7 % 100)::INTEGER AS n FROM range(${low}, ${low + count}) r(i)`;
  const written = (select: string) =>
    writeData(engine, files, { metadata: pointer.current.metadata, select, attempt: 'load' });

  return [
    () => {
      const select = rows(below(1000), 1 + below(60));
      const run = async () => commit({ kind: 'append', added: await written(select) });
      return { name: 'append', run, model: `SELECT * FROM model UNION ALL ${select}` };
    },
    () => {
      const [low, high] = [below(1000), below(200)];
      const filter = {
        op: 'and',
        of: [
          { op: 'ge', field: 'id', value: low },
          { op: 'lt', field: 'id', value: low + high },
        ],
      } as const;
      const run = change(() => planDelete(at(), { filter }, { files, engine }));
      return {
        name: 'delete',
        run,
        model: `SELECT * FROM model WHERE NOT (id >= ${low} AND id < ${low + high})`,
      };
    },
    () => {
      const k = 2 + below(9);
      const sql = `city <> 'c1' AND n % ${k} = 0`;
      const run = change(() => planDelete(at(), { filter: { op: 'true' }, sql }, { files, engine }));
      return { name: 'delete by SQL', run, model: `SELECT * FROM model WHERE (${sql}) IS NOT TRUE` };
    },
    () => {
      const k = 2 + below(9);
      const set = { n: 'n + 1', city: `CASE WHEN id % 5 = 0 THEN 'c2' ELSE city END` };
      const where = { filter: { op: 'true' }, sql: `id % ${k} = 0` } as const;
      const run = change(() => planUpdate(at(), where, set, { files, engine }));
      const model = `SELECT id, CASE WHEN id % ${k} = 0 THEN ${set.city} ELSE city END AS city,
        CASE WHEN id % ${k} = 0 THEN n + 1 ELSE n END AS n FROM model`;
      return { name: 'update', run, model };
    },
    () => {
      const source = rows(below(1000), 1 + below(80), 'i % 2');
      const merge = {
        source,
        on: ['id'],
        matched: [{ when: 'source.n > 70', action: 'delete' as const }, { action: 'update' as const }],
        not_matched: [{}],
      };
      const run = change(() => planMerge(at(), merge, { files, engine }));
      const model = `SELECT m.id, CASE WHEN s.id IS NULL THEN m.city ELSE s.city END, CASE WHEN s.id IS NULL THEN m.n ELSE s.n END
        FROM model m LEFT JOIN (${source}) s ON m.id = s.id WHERE (s.n > 70) IS NOT TRUE
        UNION ALL SELECT s.id, s.city, s.n FROM (${source}) s ANTI JOIN model m ON m.id = s.id`;
      return { name: 'merge', run, model };
    },
    () => {
      const run = async () => {
        const rules = { ...compactionRules({}), min_files: 2 };
        const [group] = await planCompaction((await planScan(at())).files, rules);
        if (group)
          await commit(await stageCompaction(at(), group, { files, engine }, { attempt: 'compact' }));
      };
      return { name: 'compact', run, model: 'SELECT * FROM model' };
    },
    () => ({
      name: 'rewrite manifests',
      run: () => commit({ kind: 'rewrite_manifests' }),
      model: 'SELECT * FROM model',
    }),
    () => {
      const select = rows(below(1000), 1 + below(30));
      const run = async () => commit({ kind: 'replace_partitions', added: await written(select) });
      const partitioned = pointer.current.metadata['partition-specs'].some(spec => spec.fields.length > 0);
      const kept = `SELECT * FROM model m WHERE NOT EXISTS (FROM (${select}) s WHERE s.city IS NOT DISTINCT FROM m.city)`;
      return {
        name: 'replace partitions',
        run,
        model: partitioned ? `${kept} UNION ALL ${select}` : select,
      };
    },
    () => {
      const [one, two] = [rows(below(1000), 1 + below(40)), rows(below(1000), 1 + below(40))];
      const branch = 'staged';
      // From its beginning, whatever an earlier try left on the branch.
      const run = async () => {
        const { metadata, location } = pointer.current;
        if (metadata.refs[branch])
          await pointer.swap(
            location,
            applyUpdates(metadata, [{ action: 'remove-snapshot-ref', 'ref-name': branch }], {
              now_ms: Date.now(),
            }),
          );
        await commit({ kind: 'append', branch, orphan: true, added: await written(one) });
        await commit({ kind: 'append', branch, added: await written(two) });
        await commit({ kind: 'publish', staged: branch });
      };
      return { name: 'replace everything', run, model: `${one} UNION ALL ${two}` };
    },
  ];
}

async function ours({ pointer, sound, engine }: World): Promise<string[]> {
  const plan = await planScan(tableAt(pointer.current.metadata, openReader(sound)));
  const scan = await openScan(plan, { files: sound, engine });
  const rows = await engine.query(
    `SELECT concat_ws('|', id, coalesce(city, '-'), n) AS row FROM (${scan.sql}) t`,
  );
  scan.release();
  return rows.map(row => String(row.row)).sort();
}

async function modelRows({ engine }: World): Promise<string[]> {
  const rows = await engine.query(`SELECT concat_ws('|', id, coalesce(city, '-'), n) AS row FROM model`);
  return rows.map(row => String(row.row)).sort();
}

/** icebird asks for URLs; here they are files. */
async function theirs({ pointer }: World): Promise<string[]> {
  const metadata = JSON.parse(String(printMetadata(pointer.current.metadata)));
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const bytes = await readFile(fileURLToPath(String(input)));
    const [, from, to] = /bytes=(\d+)-(\d*)/.exec(new Headers(init?.headers).get('range') ?? '') ?? [];
    if (from === undefined) return new Response(bytes);
    return new Response(bytes.subarray(Number(from), to ? Number(to) + 1 : undefined), { status: 206 });
  };
  try {
    const rows = await icebergRead({ tableUrl: metadata.location, metadata });
    return rows.map(row => [row.id, row.city ?? '-', row.n].join('|')).sort();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('No data manifest')) return [];
    throw error;
  } finally {
    globalThis.fetch = plain;
  }
}

const KINDS = [
  ['copy-on-write', true],
  ['merge-on-read', false],
  ['merge-on-read', true],
  ['copy-on-write', false],
] as const;

for (const seed of SEEDS)
  test(`a random history is that of a plain table (seed ${seed})`, async t => {
    const random = randomOf(seed);
    const [mode, by_city] = KINDS[seed % KINDS.length] ?? KINDS[0];
    const properties = Object.fromEntries(
      ['delete', 'update', 'merge'].map(kind => [`write.${kind}.mode`, mode]),
    );
    const w = await world(t, properties, by_city);
    await w.engine.query('CREATE TABLE model (id BIGINT, city VARCHAR, n INTEGER)');
    const steps = stepsOf(w, random);
    const past = new Map<SnapshotId, string[]>();
    const told: string[] = [];
    for (let i = 0; i < STEPS; i += 1) {
      const step = steps[i === 0 ? 0 : Math.floor(random() * steps.length)]?.();
      if (!step) continue;
      told.push(step.name);
      // A merge needs one row at most for a key on the side of the table's own model, too.
      const before = await modelRows(w);
      await w.engine.query(
        `CREATE OR REPLACE TABLE next AS SELECT id, city, n FROM (${step.model}) x(id, city, n)`,
      );
      await w.engine.query('CREATE OR REPLACE TABLE model AS FROM next');
      const after = await modelRows(w);
      if (random() < 0.35) {
        w.arm(1 + Math.floor(random() * 12));
        const failed = await step.run().then(
          () => false,
          error => !isIcebergError(error, 'invalid'),
        );
        w.arm(Number.POSITIVE_INFINITY);
        const now = await ours(w);
        const is_old = now.join() === before.join();
        assert.ok(is_old || now.join() === after.join(), `half of it after ${told.join(', ')}`);
        if (failed && is_old) await step.run();
        told.push('(again)');
      } else await step.run();
      assert.deepEqual(await ours(w), after, told.join(', '));
      assert.deepEqual(await theirs(w), after, `icebird after ${told.join(', ')}`);
      const { metadata } = w.pointer.current;
      const id = metadata['current-snapshot-id'];
      const summary = metadata.snapshots.find(each => each['snapshot-id'] === id)?.summary;
      const deleted = Number(summary?.['total-position-deletes']);
      assert.equal(
        Number(summary?.['total-records']) - deleted,
        after.length,
        `totals after ${told.join(', ')}`,
      );
      if (id !== undefined) past.set(id, after);
    }
    for (const [id, rows] of past) {
      const { metadata, location } = w.pointer.current;
      const back = [
        {
          action: 'set-snapshot-ref',
          'ref-name': 'main',
          type: 'branch',
          'snapshot-id': id,
          'max-ref-age-ms': undefined,
          'max-snapshot-age-ms': undefined,
          'min-snapshots-to-keep': undefined,
        },
      ] as const;
      assert.ok(await w.pointer.swap(location, applyUpdates(metadata, back, { now_ms: Date.now() })));
      assert.deepEqual(await ours(w), rows, `back at ${id}`);
    }
  });
