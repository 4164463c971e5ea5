import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Field, Schema, Type } from '../model.ts';
import { diffSchemas } from './diff.ts';

const field = (id: number, name: string, more: Partial<Field> = {}): Field => ({
  id,
  name,
  required: false,
  type: 'int',
  ...more,
});
const schema = (...fields: Field[]): Schema => ({ type: 'struct', 'schema-id': 0, fields });
const struct = (...fields: Field[]): Type => ({ type: 'struct', fields });
const told = (a: Schema, b: Schema) =>
  diffSchemas(a, b).map(
    each => `${each.kind} ${'path' in each ? each.path.join('.') : `${each.from} → ${each.to}`}`,
  );

test('what came, went and changed is told by id', () => {
  const before = schema(
    field(1, 'a'),
    field(2, 'b', { required: true }),
    field(3, 's', { type: struct(field(4, 'x')) }),
  );
  const after = {
    ...schema(
      field(1, 'renamed', { type: 'long', doc: 'new' }),
      field(2, 'b'),
      field(3, 's', { type: struct(field(5, 'y', { type: struct(field(6, 'z')) })) }),
      field(7, 'n'),
    ),
    'identifier-field-ids': [1],
  };
  assert.deepEqual(told(before, after), [
    'dropped s.x',
    'renamed renamed',
    'retyped renamed',
    'described renamed',
    'made_optional b',
    'added s.y',
    'added n',
    'identified  → renamed',
  ]);
  assert.deepEqual(told(after, after), []);
});

test('of fields that changed places the fewest are told', () => {
  const of = (...ids: number[]) => schema(...ids.map(id => field(id, `f${id}`)));
  assert.deepEqual(told(of(1, 2, 3, 4, 5), of(2, 3, 4, 5, 1)), ['moved f1']);
  assert.deepEqual(told(of(1, 2, 3, 4), of(1, 3, 2, 4)).length, 1);
  assert.deepEqual(told(of(1, 2, 3), of(9, 1, 8, 3)), ['dropped f2', 'added f9', 'added f8'], 'nobody moved');
});

test('whatever order: those that are not told to have moved are in their old order', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(ids, order => {
      const sorted = order.toSorted((a, b) => a - b);
      const of = (list: number[]) => schema(...list.map(id => field(id, `f${id}`)));
      const moved = new Set(diffSchemas(of(sorted), of(order)).map(each => ('id' in each ? each.id : 0)));
      const stayed = order.filter(id => !moved.has(id));
      assert.deepEqual(
        stayed,
        stayed.toSorted((a, b) => a - b),
      );
      assert.ok(stayed.length > 0);
    }),
  );
});
