import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IcebergCode, isIcebergError } from '../errors.ts';
import type { Schema } from '../model.ts';
import {
  applyViewUpdates,
  checkViewRequirements,
  currentVersion,
  newViewMetadata,
  parseViewMetadata,
  parseViewRequirements,
  parseViewUpdates,
  printViewMetadata,
  type ViewMetadata,
  type ViewUpdate,
  type ViewVersion,
  viewSchema,
} from './index.ts';

const UUID = 'fa6506c3-7681-40c8-86dc-e36561f83385';
const schema = (name: string): Schema => ({
  type: 'struct',
  'schema-id': 5,
  fields: [{ id: 1, name, required: false, type: 'int' }],
});
const version = (sql: string, dialects = ['spark'], more: Partial<ViewVersion> = {}): ViewVersion => ({
  'version-id': 9,
  'timestamp-ms': 100,
  'schema-id': -1,
  summary: { 'engine-name': 'Spark' },
  representations: dialects.map(dialect => ({ type: 'sql' as const, sql, dialect })),
  'default-namespace': ['a', 'b'],
  ...more,
});
const view = newViewMetadata({
  location: 's3://bucket/v/',
  schema: schema('a'),
  version: version('select 1 a'),
  properties: { comment: 'x' },
  now_ms: 100,
  uuid: UUID,
});
const apply = (base: ViewMetadata, ...updates: ViewUpdate[]) =>
  applyViewUpdates(base, updates, { now_ms: 200 });
const current: ViewUpdate = { action: 'set-current-view-version', 'view-version-id': -1 };
const replace = (each: ViewVersion): ViewUpdate[] => [
  { action: 'add-view-version', 'view-version': each },
  current,
];

function refused(run: () => unknown, pattern: RegExp, code: IcebergCode = 'invalid'): void {
  assert.throws(run, error => isIcebergError(error, code) && pattern.test(error.message), String(pattern));
}

test('a new view has one version, and is read back as it was written', () => {
  assert.deepEqual(view, {
    'view-uuid': UUID,
    'format-version': 1,
    location: 's3://bucket/v',
    'current-version-id': 1,
    versions: [{ ...version('select 1 a'), 'version-id': 1, 'schema-id': 0 }],
    'version-log': [{ 'version-id': 1, 'timestamp-ms': 100 }],
    schemas: [{ ...schema('a'), 'schema-id': 0 }],
    properties: { comment: 'x' },
  });
  assert.deepEqual(parseViewMetadata(printViewMetadata(view)), view);
});

test('a replacement is a new version; going back is an entry in the log', () => {
  const replaced = apply(
    view,
    { action: 'add-schema', schema: schema('b') },
    ...replace(version('select 2 b')),
  );
  assert.equal(currentVersion(replaced)['version-id'], 2);
  assert.equal(viewSchema(replaced).fields[0]?.name, 'b');
  const back = apply(replaced, { action: 'set-current-view-version', 'view-version-id': 1 });
  assert.deepEqual(
    back['version-log'].map(entry => [entry['version-id'], entry['timestamp-ms']]),
    [
      [1, 100],
      [2, 100],
      [1, 200],
    ],
  );
  assert.equal(
    apply(back, { action: 'set-current-view-version', 'view-version-id': 1 })['version-log'].length,
    3,
  );
});

test('a clock that is ahead does not put the log into the future', () => {
  const ahead = (sql: string) => version(sql, ['spark'], { 'schema-id': 0, 'timestamp-ms': 9_999 });
  const made = newViewMetadata({
    location: 's3://b/v',
    schema: schema('a'),
    version: ahead('x'),
    now_ms: 150,
  });
  const replaced = apply(made, ...replace(ahead('y')));
  assert.deepEqual(
    replaced['version-log'].map(entry => entry['timestamp-ms']),
    [150, 200],
  );
});

test('the same version again, with another time, is the same', () => {
  const again = apply(
    view,
    ...replace(version('select 1 a', ['spark'], { 'schema-id': 0, 'timestamp-ms': 500 })),
  );
  assert.deepEqual(again, view);
});

test('several dialects live together, and none goes in silence', () => {
  const both = apply(view, ...replace(version('select 1 a', ['spark', 'trino'], { 'schema-id': 0 })));
  const one = replace(version('select 3 a', ['Trino'], { 'schema-id': 0 }));
  refused(() => apply(both, ...one), /would lose its query for spark/);
  const allowed: ViewUpdate = {
    action: 'set-properties',
    updates: { 'replace.drop-dialect.allowed': 'true' },
  };
  assert.equal(currentVersion(apply(both, allowed, ...one)).representations.length, 1);
  refused(
    () => parseViewUpdates(replace(version('x', ['spark', 'SPARK']))),
    /\[0\]\.view-version\.representations: two queries for dialect spark/,
  );
  refused(() => parseViewUpdates(replace(version('x', []))), /a view needs a query/);
});

test('only so many versions are kept, the current one among them', () => {
  let many = apply(view, { action: 'set-properties', updates: { 'version.history.num-entries': '3' } });
  for (let at = 10; at < 16; at += 1)
    many = apply(many, ...replace(version(`select ${at} a`, ['spark'], { 'schema-id': 0 })));
  assert.deepEqual(
    many.versions.map(each => each['version-id']),
    [5, 6, 7],
  );
  assert.deepEqual(
    many['version-log'].map(each => each['version-id']),
    [5, 6, 7],
  );
  const back = apply(many, { action: 'set-current-view-version', 'view-version-id': 5 });
  const more = apply(back, {
    action: 'add-view-version',
    'view-version': version('select 9 a', ['spark'], { 'schema-id': 0 }),
  });
  assert.deepEqual(
    more.versions.map(each => each['version-id']),
    [5, 7, 8],
  );
});

test('what cannot be is refused', () => {
  refused(() => apply(view, { action: 'set-current-view-version', 'view-version-id': 7 }), /no version 7/);
  refused(() => apply(view, current), /just added, but none was/);
  refused(() => apply(view, ...replace(version('x'))), /-1 is the schema that was just added/);
  refused(
    () => apply(view, ...replace(version('x', ['spark'], { 'schema-id': 4 }))),
    /schema-id: is 4, which is not there/,
  );
  refused(() => apply(view, { action: 'assign-uuid', uuid: UUID.replace('f', 'a') }), /cannot become/);
  refused(
    () => apply(view, { action: 'upgrade-format-version', 'format-version': 2 }),
    /not supported/,
    'unsupported',
  );
  refused(() => parseViewUpdates([{ action: 'add-spec' }]), /no update of a view/);
  refused(
    () => checkViewRequirements(view, [{ type: 'assert-view-uuid', uuid: 'x' }]),
    /expected x, found/,
    'requirement',
  );
  checkViewRequirements(
    view,
    parseViewRequirements([{ type: 'assert-view-uuid', uuid: UUID.toUpperCase() }]),
  );
});

test('properties are set and removed', () => {
  const set = apply(
    view,
    { action: 'set-properties', updates: { a: 'b' } },
    { action: 'remove-properties', removals: ['comment'] },
  );
  assert.deepEqual(set.properties, { a: 'b' });
  assert.equal(apply(view, { action: 'set-location', location: 's3://x/y/' }).location, 's3://x/y');
});

test('a file that is wrong is refused with its place, and keys of others stay', () => {
  const text = (changes: Record<string, unknown>) => JSON.stringify({ ...view, ...changes });
  refused(() => parseViewMetadata(text({ 'view-uuid': undefined }), 'f'), /f, view-uuid: /, 'corrupt');
  refused(() => parseViewMetadata(text({ versions: [] })), /versions: /, 'corrupt');
  refused(() => parseViewMetadata(text({ 'current-version-id': 7 })), /current-version-id: is 7/, 'corrupt');
  refused(() => parseViewMetadata(text({ schemas: [] })), /versions\[0\]\.schema-id: is 0/, 'corrupt');
  refused(() => parseViewMetadata(text({ 'format-version': 2 })), /format version 2 of views/, 'unsupported');
  refused(() => parseViewMetadata('{'), /not JSON/, 'corrupt');
  const strange = text({ 'of-tomorrow': [1] });
  assert.match(printViewMetadata(parseViewMetadata(strange)), /"of-tomorrow":\[1\]/);
});
