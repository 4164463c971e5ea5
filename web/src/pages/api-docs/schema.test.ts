import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOf, fieldRows, type Named, type Schema, sampleOf, typeText } from './schema.ts';

const named: Named = {
  Member: {
    type: 'object',
    required: ['id', 'role'],
    properties: {
      id: { type: 'string', format: 'uuid' },
      role: { enum: ['owner', 'viewer'] },
      email: { anyOf: [{ type: 'string', format: 'email', maxLength: 320 }, { type: 'null' }] },
    },
  },
  Tree: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
    },
  },
};
const member: Schema = { $ref: '#/components/schemas/Member' };

test('types read as in TypeScript', () => {
  const types = [
    { type: 'string' },
    { enum: ['owner', 'viewer'] },
    { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    { type: ['string', 'null'] },
    { type: 'array', items: member },
    { type: 'array', items: { enum: ['a', 'b'] } },
    { type: 'object', additionalProperties: { type: 'number' } },
    {},
  ].map(schema => typeText(schema, named));
  assert.deepEqual(types, [
    'string',
    "'owner' | 'viewer'",
    'integer | null',
    'string | null',
    'Member[]',
    "('a' | 'b')[]",
    'Record<string, number>',
    'unknown',
  ]);
});

test('bounds are said where they say something', () => {
  assert.deepEqual(factsOf({ type: 'string', minLength: 8, maxLength: 128 }), [
    { kind: 'length', min: 8, max: 128 },
  ]);
  assert.deepEqual(factsOf({ type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 }), []);
  assert.deepEqual(factsOf({ type: 'integer', minimum: 1, default: 50 }), [
    { kind: 'range', min: 1, max: null },
    { kind: 'default', value: '50' },
  ]);
  assert.deepEqual(factsOf({ type: 'string', format: 'uuid', pattern: '^[0-9a-f]+$' }), [
    { kind: 'format', value: 'uuid' },
  ]);
});

test('the fields of a page of objects are lines with their place', () => {
  const page: Schema = {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: member }, next_cursor: { type: ['string', 'null'] } },
  };
  const rows = fieldRows(page, named).map(({ path, depth, required }) => ({ path, depth, required }));
  assert.deepEqual(rows, [
    { path: 'items', depth: 0, required: true },
    { path: 'items[].id', depth: 1, required: true },
    { path: 'items[].role', depth: 1, required: true },
    { path: 'items[].email', depth: 1, required: false },
    { path: 'next_cursor', depth: 0, required: false },
  ]);
});

test('a field that may be null has the facts of its value', () => {
  const email = fieldRows(member, named).find(row => row.name === 'email');
  assert.equal(email?.type, 'string | null');
  assert.deepEqual(email?.facts, [
    { kind: 'format', value: 'email' },
    { kind: 'length', min: null, max: 320 },
  ]);
});

test('what contains itself is unfolded once', () => {
  const tree: Schema = { $ref: '#/components/schemas/Tree' };
  assert.deepEqual(
    fieldRows(tree, named).map(row => row.path),
    ['name', 'children'],
  );
  assert.deepEqual(sampleOf(tree, named), { name: 'text', children: [null] });
});

test('a sample keeps to the schema', () => {
  const sample = sampleOf(member, named);
  assert.deepEqual(sample, {
    id: '01939c7e-5f5e-7b0a-9d3f-3a1c0b6f2e11',
    role: 'owner',
    email: 'ada@example.com',
  });
  assert.equal(sampleOf({ type: 'integer', minimum: 3 }, named), 3);
  assert.equal(sampleOf({ type: 'string', default: 'UTC' }, named), 'UTC');
  assert.equal(String(sampleOf({ type: 'string', minLength: 8 }, named)).length, 8);
});

test('a pointer that leads nowhere is an unknown value', () => {
  assert.deepEqual(fieldRows({ $ref: '#/components/schemas/Gone' }, named), []);
  assert.equal(sampleOf({ $ref: '#/components/schemas/Gone' }, named), null);
});
