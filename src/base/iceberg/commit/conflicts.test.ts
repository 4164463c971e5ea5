import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  dataFile,
  equalityDeletes,
  liveNames,
  memoryTable,
  positionDeletes,
} from '../../../../tests/support/iceberg-memory.ts';
import { isIcebergError } from '../errors.ts';
import type { Filter } from '../filter/index.ts';
import type { SnapshotId } from '../model.ts';
import {
  type Isolation,
  type Kind,
  type Operation,
  RULES,
  type RuleName,
  WHERE_RULES_HOLD,
} from './index.ts';

// Two writers: both look at the same snapshot, the first one commits, then the second. Each case names the rule that stops the
// second one, or none.

const a = dataFile('a', { ids: [0, 9] });
const b = dataFile('b', { ids: [10, 19] });
const low: Filter = { op: 'lt', field: 'id', value: 10 };

type At = { started_from: SnapshotId | null; isolation?: 'serializable' | 'snapshot' };
type Writer = (at: At) => Operation;

const appendLow: Writer = () => ({ kind: 'append', added: [dataFile('new', { ids: [5, 6] })] });
const appendHigh: Writer = () => ({ kind: 'append', added: [dataFile('new', { ids: [15, 16] })] });
const overwriteA: Writer = at => ({
  kind: 'overwrite',
  ...at,
  where: low,
  removed: [a],
  added: [dataFile('a2')],
});
const rewriteOf =
  (kind: 'delete' | 'update' | 'merge', file = a): Writer =>
  at => ({
    kind,
    ...at,
    reads: low,
    removed: [file],
    added: [dataFile(`${kind}d`)],
    deletes: [],
    targets: [],
  });
const strikeIn =
  (kind: 'delete' | 'update' | 'merge', file = a): Writer =>
  at => ({
    kind,
    ...at,
    reads: low,
    removed: [],
    added: kind === 'delete' ? [] : [dataFile(`${kind}d`)],
    deletes: [positionDeletes(`${kind}-of-${file === a ? 'a' : 'b'}`, file)],
    targets: [file.file_path],
  });
const dropFile =
  (file = a): Writer =>
  at => ({ kind: 'delete', ...at, reads: low, removed: [file], added: [], deletes: [], targets: [] });
const insertOnlyMerge: Writer = at => ({
  kind: 'merge',
  ...at,
  reads: low,
  removed: [],
  added: [dataFile('inserted')],
  deletes: [],
  targets: [],
});
const compact: Writer = at => ({
  kind: 'rewrite',
  ...at,
  removed: [a, b],
  removed_deletes: [],
  added: [dataFile('ab', { ids: [0, 19], rows: 20 })],
});
const equality: Writer = at => ({
  kind: 'delete',
  ...at,
  reads: low,
  removed: [],
  added: [],
  deletes: [equalityDeletes('eq')],
  targets: [],
});

interface Case {
  first: Writer;
  second: Writer;
  /** Which rule stops the second writer at each isolation; null: it lands. */
  serializable: RuleName | null;
  snapshot: RuleName | null;
}

const CASES: Record<string, Case> = {
  'append after append': { first: appendLow, second: appendHigh, serializable: null, snapshot: null },
  'append after a delete': { first: dropFile(), second: appendLow, serializable: null, snapshot: null },
  'a delete by filter after an append that may match': {
    first: appendLow,
    second: dropFile(),
    serializable: 'new_rows_read',
    snapshot: null,
  },
  'a delete by filter after an append that cannot match': {
    first: appendHigh,
    second: dropFile(),
    serializable: null,
    snapshot: null,
  },
  'an overwrite after an append that may match': {
    first: appendLow,
    second: overwriteA,
    serializable: 'new_rows_read',
    snapshot: null,
  },
  'an update after an append that may match': {
    first: appendLow,
    second: rewriteOf('update'),
    serializable: 'new_rows_read',
    snapshot: null,
  },
  'a merge after an append that may match': {
    first: appendLow,
    second: insertOnlyMerge,
    serializable: 'new_rows_read',
    snapshot: null,
  },
  'two deletes of one file': both(dropFile(), dropFile(), 'removed_file_gone'),
  'two rewrites of one file': both(rewriteOf('update'), rewriteOf('delete'), 'removed_file_gone'),
  'an overwrite after an overwrite': both(overwriteA, overwriteA, 'removed_file_gone'),
  'deletes of two files': both(dropFile(b), dropFile(a), null),
  'a compaction after a delete of one of its files': both(dropFile(), compact, 'removed_file_gone'),
  'a delete after a compaction of its file': both(compact, dropFile(), 'removed_file_gone'),
  'a compaction after rows were struck out': both(strikeIn('delete'), compact, 'removed_file_deleted_from'),
  'a compaction after a delete by value': both(equality, compact, null),
  'a rewritten file in which rows were struck out': both(
    strikeIn('delete'),
    rewriteOf('update'),
    'removed_file_deleted_from',
  ),
  'a rewritten file, and a delete by value': both(equality, rewriteOf('delete'), 'removed_file_deleted_from'),
  'a rewritten file while rows of another were struck out': both(
    strikeIn('delete', b),
    rewriteOf('delete'),
    null,
  ),
  'rows struck out in a file that was compacted': both(compact, strikeIn('delete'), 'target_gone'),
  'rows struck out in a file that was rewritten': both(
    rewriteOf('update'),
    strikeIn('delete'),
    'target_gone',
  ),
  'rows struck out in a file that was deleted': both(dropFile(), strikeIn('delete'), null),
  'rows updated in a file that was deleted': both(dropFile(), strikeIn('update'), 'target_gone'),
  'rows struck out twice': both(strikeIn('delete'), strikeIn('delete'), null),
  'rows updated that were struck out': both(strikeIn('delete'), strikeIn('update'), 'target_deleted_from'),
  'rows merged that were struck out': both(strikeIn('delete'), strikeIn('merge'), 'target_deleted_from'),
  'a merge that inserts what it did not find, after a delete of what it found': {
    first: dropFile(),
    second: insertOnlyMerge,
    serializable: 'read_rows_gone',
    snapshot: null,
  },
  'a merge after rows that it may have read were struck out': {
    first: strikeIn('delete'),
    second: insertOnlyMerge,
    serializable: 'read_rows_gone',
    snapshot: null,
  },
  'a merge after a compaction': both(compact, insertOnlyMerge, null),
};

function both(first: Writer, second: Writer, rule: RuleName | null): Case {
  return { first, second, serializable: rule, snapshot: rule };
}

for (const [name, { first, second, ...stops }] of Object.entries(CASES))
  for (const isolation of ['serializable', 'snapshot'] as const)
    test(`${isolation}: ${name} ${stops[isolation] === null ? 'lands' : `stops at ${stops[isolation]}`}`, async () => {
      const table = memoryTable();
      await table.commit({ kind: 'append', added: [a, b] });
      const at = { started_from: headOf(table), isolation };
      await table.commit(first(at));
      const before = await liveNames(table);
      const outcome = await ruleOf(table.commit(withOtherNames(second(at))));
      assert.equal(outcome, stops[isolation]);
      if (outcome !== null) assert.deepEqual(await liveNames(table), before);
    });

/** The second writer's files are others than the first one's. */
function withOtherNames(operation: Operation): Operation {
  const renamed = <T extends { file_path: string }>(files: readonly T[]) =>
    files.map(file => ({ ...file, file_path: file.file_path.replace('.parquet', '-2.parquet') }));
  return {
    ...operation,
    ...('added' in operation ? { added: renamed(operation.added) } : {}),
    ...('deletes' in operation ? { deletes: renamed(operation.deletes) } : {}),
  } as Operation;
}

function headOf(table: ReturnType<typeof memoryTable>, branch = 'main'): SnapshotId | null {
  return table.pointer.current.metadata.refs[branch]?.['snapshot-id'] ?? null;
}

async function ruleOf(commit: Promise<unknown>): Promise<string | null> {
  try {
    await commit;
    return null;
  } catch (error) {
    if (isIcebergError(error, 'conflict')) return String(error.about.rule);
    throw error;
  }
}

// ── Partitions ──────────────────────────────────────────────────────────────────────────────────────

const monday = dataFile('monday', { day: 1 });
const tuesday = dataFile('tuesday', { day: 2 });

async function afterOther(other: (at: At) => Operation, isolation: Isolation) {
  const table = memoryTable({ by_day: true });
  await table.commit({ kind: 'append', added: [monday, tuesday] });
  const started_from = headOf(table);
  await table.commit(other({ started_from }));
  const outcome = await ruleOf(
    table.commit({
      kind: 'replace_partitions',
      added: [dataFile('monday2', { day: 1 })],
      isolation,
      started_from,
    }),
  );
  return { outcome, names: await liveNames(table) };
}

const appendMonday = (): Operation => ({ kind: 'append', added: [dataFile('late', { day: 1 })] });
const appendTuesday = (): Operation => ({ kind: 'append', added: [dataFile('late', { day: 2 })] });
const strikeMonday = (at: At): Operation => ({
  kind: 'delete',
  ...at,
  reads: { op: 'true' },
  removed: [],
  added: [],
  deletes: [positionDeletes('strike', monday)],
  targets: [monday.file_path],
});

test('a replaced partition that grew meanwhile: blind takes all of it, snapshot too, serializable stops', async () => {
  assert.deepEqual(await afterOther(appendMonday, 'blind'), { outcome: null, names: ['monday2', 'tuesday'] });
  assert.equal((await afterOther(appendMonday, 'snapshot')).outcome, null);
  assert.equal((await afterOther(appendMonday, 'serializable')).outcome, 'partition_changed');
});

test('another partition may grow while one is replaced', async () => {
  const { outcome, names } = await afterOther(appendTuesday, 'serializable');
  assert.equal(outcome, null);
  assert.deepEqual(names, ['late', 'monday2', 'tuesday']);
});

test('rows struck out meanwhile in a replaced partition stop it, unless it is blind', async () => {
  assert.equal((await afterOther(strikeMonday, 'serializable')).outcome, 'partition_deleted_from');
  assert.equal((await afterOther(strikeMonday, 'snapshot')).outcome, 'partition_deleted_from');
  const blind = await afterOther(strikeMonday, 'blind');
  assert.equal(blind.outcome, null);
  assert.deepEqual(blind.names, ['monday2', 'tuesday'], 'the deletes are about nothing now, and went too');
});

test('two blind replacements of one partition: the last one wins, whole', async () => {
  const { outcome, names } = await afterOther(
    () => ({ kind: 'replace_partitions', added: [dataFile('other', { day: 1 })] }),
    'blind',
  );
  assert.equal(outcome, null);
  assert.deepEqual(names, ['monday2', 'tuesday']);
});

// ── History ─────────────────────────────────────────────────────────────────────────────────────────

test('an operation that was planned on a snapshot that was rolled back stops', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [a] });
  const first = headOf(table);
  await table.commit({ kind: 'append', added: [b] });
  const at: At = { started_from: headOf(table) };
  const { metadata, location } = table.pointer.current;
  await table.pointer.swap(location, {
    ...metadata,
    'current-snapshot-id': first ?? 0n,
    refs: { main: { type: 'branch', 'snapshot-id': first ?? 0n } },
  });
  assert.equal(await ruleOf(table.commit(dropFile()(at))), 'history_unknown');
  assert.equal(await ruleOf(table.commit(appendHigh(at))), null);
});

test('an operation planned on the empty table sees what came since', async () => {
  const table = memoryTable();
  await table.commit(appendLow({ started_from: null }));
  const late = insertOnlyMerge({ started_from: null, isolation: 'serializable' });
  assert.equal(await ruleOf(table.commit(late)), 'new_rows_read');
});

test('a file that is gone is noticed without any history: by not being found', async () => {
  const table = memoryTable();
  await table.commit({ kind: 'append', added: [a] });
  const at: At = { started_from: headOf(table) };
  assert.equal(await ruleOf(table.commit(dropFile(b)(at))), 'removed_file_gone');
});

test('what the table says about isolation holds where the operation says nothing', async () => {
  for (const [property, rule] of [
    ['serializable', 'new_rows_read'],
    ['SNAPSHOT', null],
    ['anything', 'new_rows_read'],
  ] as const) {
    const table = memoryTable({ properties: { 'write.delete.isolation-level': property } });
    await table.commit({ kind: 'append', added: [a, b] });
    const at: At = { started_from: headOf(table) };
    await table.commit(appendLow(at));
    assert.equal(await ruleOf(table.commit(dropFile()(at))), rule, property);
  }
});

test('every rule that holds somewhere stops an operation in one of the tests above or below', () => {
  const stopped = new Set(Object.values(CASES).flatMap(each => [each.serializable, each.snapshot]));
  const elsewhere: RuleName[] = [
    'history_unknown',
    'partition_changed',
    'partition_deleted_from',
    'branch_changed',
  ];
  for (const rule of RULES) assert.ok(stopped.has(rule) || elsewhere.includes(rule), rule);
  const kinds = new Set<Kind>(RULES.flatMap(rule => Object.keys(WHERE_RULES_HOLD[rule]) as Kind[]));
  assert.ok(!kinds.has('append'), 'appends always apply');
});

test('the table of the README is the one that holds', async () => {
  const text = await readFile(new URL('./README.md', import.meta.url), 'utf8');
  const lines = text.split('\n');
  const start = lines.findIndex(line => line.startsWith('| rule |'));
  const cells = lines
    .slice(start)
    .filter(line => line.startsWith('| '))
    .map(line => line.split('|').slice(1, -1));
  const [head = [], ...rows] = cells.map(line => line.map(cell => cell.trim()));
  const table = Object.fromEntries(rows.map(([rule, ...cells]) => [rule, cells]));
  for (const rule of RULES) {
    const letters = head.slice(1).map(kind => {
      const levels = WHERE_RULES_HOLD[rule][kind as Kind];
      return levels === undefined ? '–' : levels.includes('snapshot') ? 'B' : 'S';
    });
    assert.deepEqual(table[rule], letters, rule);
  }
});
