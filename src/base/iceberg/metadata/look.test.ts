import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IcebergCode, isIcebergError } from '../errors.ts';
import type { Snapshot, TableMetadata } from '../model.ts';
import {
  ancestorsOf,
  currentSnapshot,
  defaultOrder,
  defaultSpec,
  isAncestor,
  newMetadata,
  resolveRef,
  schemaById,
  schemaOf,
  snapshotAt,
  snapshotOf,
  specOf,
} from './index.ts';

const DAY = 24 * 60 * 60 * 1000;
const START = Date.parse('2026-11-01T00:00:00Z');

const empty = newMetadata({
  location: 'file:///warehouse/t',
  schema: { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'a', required: false, type: 'int' }] },
  now_ms: START,
});
const snapshot = (id: bigint, parent?: bigint): Snapshot => ({
  'snapshot-id': id,
  ...(parent === undefined ? {} : { 'parent-snapshot-id': parent }),
  'sequence-number': Number(id),
  'timestamp-ms': START + Number(id) * DAY,
  'manifest-list': `file:///warehouse/t/metadata/${id}.avro`,
  summary: { operation: 'append' },
  'schema-id': 0,
});

/** 1 ← 2 ← 3 (main), and 4 on a branch that left at 2. After 3 the table was rolled back to 2 and went on to 5. */
const table: TableMetadata = {
  ...empty,
  snapshots: [snapshot(1n), snapshot(2n, 1n), snapshot(3n, 2n), snapshot(4n, 2n), snapshot(5n, 2n)],
  'current-snapshot-id': 5n,
  'snapshot-log': [1, 2, 3, 2, 5].map((id, at) => ({
    'snapshot-id': BigInt(id),
    'timestamp-ms': START + (at + 1) * DAY,
  })),
  refs: {
    main: { 'snapshot-id': 5n, type: 'branch' },
    side: { 'snapshot-id': 4n, type: 'branch' },
    '3': { 'snapshot-id': 1n, type: 'tag' },
  },
};

const idOf = (found: Snapshot | undefined) => found?.['snapshot-id'];
const fails = (run: () => unknown, code: IcebergCode, pattern: RegExp) =>
  assert.throws(run, error => isIcebergError(error, code) && pattern.test(error.message));

test('a snapshot is found by branch, tag, id and time; names go before ids', () => {
  assert.equal(idOf(resolveRef(table, 'main')), 5n);
  assert.equal(idOf(resolveRef(table, 'side')), 4n);
  assert.equal(idOf(resolveRef(table, '3')), 1n, 'the tag');
  assert.equal(idOf(resolveRef(table, '4')), 4n, 'the id');
  assert.equal(idOf(resolveRef(table, '2026-11-02')), 1n, 'midnight in UTC');
  assert.equal(idOf(resolveRef(table, '2026-11-04 12:00')), 3n);
  assert.equal(idOf(resolveRef(table, '2026-11-04T01:00:00.000000+02:00')), 2n);
  assert.equal(idOf(resolveRef(table, '2026-11-04T01:00:00-0200')), 3n);
});

test('main of an empty table is no snapshot; anything else must be there', () => {
  assert.equal(resolveRef(empty, 'main'), undefined);
  assert.equal(currentSnapshot(empty), undefined);
  for (const text of ['', 'nobody', 'constructor', '__proto__', '2026-13-45', '99999999999999999999999'])
    fails(() => resolveRef(table, text), 'no_such_ref', /no branch, tag or snapshot/);
  fails(() => resolveRef(table, '3051729675574597004'), 'no_such_snapshot', /3051729675574597004/);
  fails(() => snapshotOf(table, 9n), 'no_such_snapshot', /snapshot 9, or it has expired/);
});

test('as of a time is what main was then, also where it was rolled back', () => {
  const at = (days: number) => idOf(snapshotAt(table, START + days * DAY));
  assert.deepEqual([1, 2, 3, 3.9, 4, 5, 1000].map(at), [1n, 2n, 3n, 3n, 2n, 5n, 5n]);
  fails(() => snapshotAt(table, START), 'no_such_snapshot', /no snapshot at 2026-11-01T00:00:00\.000Z/);
  fails(() => snapshotAt(table, Number.NaN), 'no_such_snapshot', /no snapshot at NaN/);
  fails(() => snapshotAt(empty, START), 'no_such_snapshot', /no snapshot/);
});

test('without a log the times of the snapshots count, of main alone', () => {
  const silent = { ...table, 'snapshot-log': [] };
  assert.equal(idOf(snapshotAt(silent, START + 4.5 * DAY)), 2n, '3 and 4 are not on main');
});

test('ancestors end where the first is missing, and a circle is corrupt', () => {
  const ids = (metadata: TableMetadata, id: bigint) =>
    ancestorsOf(metadata, id).map(each => each['snapshot-id']);
  assert.deepEqual(ids(table, 5n), [5n, 2n, 1n]);
  assert.deepEqual(ids({ ...table, snapshots: table.snapshots.slice(1) }, 4n), [4n, 2n]);
  assert.ok(isAncestor(table, 1n, 5n) && isAncestor(table, 5n, 5n) && !isAncestor(table, 3n, 5n));
  const circle = { ...table, snapshots: [snapshot(1n, 2n), snapshot(2n, 1n)] };
  fails(() => ancestorsOf(circle, 1n), 'corrupt', /an ancestor of itself/);
});

test('five thousand snapshots in a row are walked', () => {
  const snapshots = Array.from({ length: 5_000 }, (_, at) =>
    snapshot(BigInt(at + 1), at ? BigInt(at) : undefined),
  );
  assert.equal(ancestorsOf({ ...table, snapshots }, 5_000n).length, 5_000);
});

test('schemas, specs and orders are found by their ids', () => {
  assert.equal(schemaOf(table, table.snapshots[0])['schema-id'], 0);
  const { 'schema-id': _, ...old } = snapshot(1n);
  assert.equal(schemaOf(table, old), table.schemas[0], 'version 1 may not say it');
  assert.deepEqual([defaultSpec(table).fields, defaultOrder(table).fields], [[], []]);
  fails(() => schemaById(table, 7), 'corrupt', /no schema 7/);
  fails(() => specOf(table, 7), 'corrupt', /no partition spec 7/);
});
