import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IcebergCode, isIcebergError } from '../errors.ts';
import type { Field, Schema } from '../model.ts';
import { parseType } from '../schema/index.ts';
import {
  currentSchema,
  defaultOrder,
  defaultSpec,
  type NewTable,
  newMetadata,
  parseMetadata,
  printMetadata,
} from './index.ts';

const field = (id: number, name: string, type = 'int', required = false): Field => ({
  id,
  name,
  required,
  type: parseType(type),
});
const schema = (...fields: Field[]): Schema => ({ type: 'struct', 'schema-id': 7, fields });
const made = (more: Partial<NewTable> = {}) =>
  newMetadata({ location: 's3://bucket/t', schema: schema(field(0, 'a')), now_ms: 5, ...more });

function refused(more: Partial<NewTable>, pattern: RegExp, code: IcebergCode = 'invalid'): void {
  assert.throws(
    () => made(more),
    error => isIcebergError(error, code) && pattern.test(error.message),
    String(pattern),
  );
}

test('ids that count from 0 are renumbered, and all that refer to them go along', () => {
  const metadata = made({
    schema: {
      ...schema(field(0, 'id', 'long', true), field(1, 'day', 'date'), field(2, 's')),
      'identifier-field-ids': [0],
    },
    spec: { 'spec-id': 4, fields: [{ 'source-id': 1, 'field-id': 0, name: 'm', transform: 'month' }] },
    order: {
      fields: [{ 'source-id': 0, transform: 'bucket[4]', direction: 'desc', 'null-order': 'nulls-last' }],
    },
  });
  assert.deepEqual(
    currentSchema(metadata).fields.map(each => each.id),
    [1, 2, 3],
  );
  assert.deepEqual(currentSchema(metadata)['identifier-field-ids'], [1]);
  assert.deepEqual(defaultSpec(metadata), {
    'spec-id': 0,
    fields: [{ 'source-id': 2, 'field-id': 1000, name: 'm', transform: 'month' }],
  });
  assert.deepEqual(
    [defaultOrder(metadata)['order-id'], defaultOrder(metadata).fields[0]?.['source-id']],
    [1, 1],
  );
  assert.deepEqual([metadata['last-column-id'], metadata['last-partition-id']], [3, 1000]);
  assert.deepEqual(parseMetadata(printMetadata(metadata)), metadata);
});

test('types that were written as text have no ids, which matters only where one is referred to', () => {
  const columns = schema(field(1, 'a'), field(2, 's', 'struct<x: int, y: list<int>>'));
  const by = (id: number) => ({ fields: [{ 'source-id': id, name: 'p', transform: 'bucket[4]' }] });
  const metadata = made({ schema: columns, spec: by(1) });
  assert.deepEqual(defaultSpec(metadata).fields[0]?.['source-id'], 1);
  assert.equal(metadata['last-column-id'], 5);
  refused({ schema: columns, spec: by(0) }, /several fields of the schema have id 0/);
  refused({ schema: columns, spec: by(9) }, /no field 9/);
});

test('a table that cannot be is refused', () => {
  refused({ location: '' }, /needs a location/);
  refused({ schema: schema() }, /at least one field/);
  refused({ schema: schema(field(0, 'a'), field(1, 'A')) }, /differ only by/);
  refused({ properties: { 'format-version': '3' } }, /format version 3 was asked for/, 'unsupported');
  refused({ properties: { 'format-version': '1' } }, /format version 1 was asked for/, 'unsupported');
  refused(
    {
      schema: schema(field(0, 's', 'struct<a: int>')),
      spec: { fields: [{ 'source-id': 0, name: 'p', transform: 'identity' }] },
    },
    /several fields|is a struct/,
  );
});

test('the version is no property, and a slash at the end no part of the location', () => {
  const metadata = made({ location: 's3://bucket/t//', properties: { 'format-version': '2', owner: 'x' } });
  assert.deepEqual([metadata.location, metadata.properties], ['s3://bucket/t', { owner: 'x' }]);
  assert.notEqual(made()['table-uuid'], made()['table-uuid']);
});
