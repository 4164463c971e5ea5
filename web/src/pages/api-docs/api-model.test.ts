import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from '../../../../src/contract/openapi.ts';
import { routeEntries } from '../../../../src/contract/routes.ts';
import { groupOperations, readSpec, type Spec } from './api-model.ts';
import { buildRequest, faultsOf, firstInputs } from './request.ts';
import { fieldRows, sampleOf } from './schema.ts';

const api = readSpec(JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as Spec);

function operation(id: string) {
  const found = api.operations.find(one => one.id === id);
  assert(found, `there is no operation ${id}`);
  return found;
}

test('every route of the contract is there, with its method, permission and errors', () => {
  assert.deepEqual(api.operations.map(one => one.id).sort(), routeEntries.map(([name]) => name).sort());
  const edit = operation('members.edit');
  assert.equal(edit.method, 'PATCH');
  assert.equal(edit.path, '/api/v1/members/{id}');
  assert.equal(edit.permission, 'members:edit');
  const conflict = edit.errors.find(error => error.code === 'version.conflict');
  assert.equal(conflict?.status, 412);
  assert.notEqual(conflict?.hint, '');
});

test('every schema of the document can be shown and sampled', () => {
  for (const { id, answer, body } of api.operations)
    for (const schema of [answer.schema, body?.schema]) {
      if (schema === undefined) continue;
      assert(fieldRows(schema, api.named).length > 0, id);
      assert.notEqual(JSON.stringify(sampleOf(schema, api.named)), 'null', id);
    }
});

test('the search finds by words of the text, the path and the name', () => {
  const find = (search: string) => groupOperations(api.operations, search, one => one.summary);
  const ids = (search: string) => find(search).flatMap(([, operations]) => operations.map(one => one.id));
  assert.deepEqual(ids('patch members'), ['members.edit']);
  assert(ids('audit export').includes('audit.export'));
  assert.deepEqual(find('nothing at all like this'), []);
});

test('a request is built from what is filled in', () => {
  const list = operation('members.list');
  const inputs = firstInputs(list, 'main');
  const request = buildRequest(list, { ...inputs, values: { ...inputs.values, q: 'Zoé & co' } }, 'http://x');
  assert.equal(request.url, 'http://x/api/v1/members?q=Zo%C3%A9+%26+co');
  assert.deepEqual(request.headers, { 'moulin-workspace': 'main' });
  assert.equal(request.body, undefined);
});

test('a change says that it is JSON, also without a body', () => {
  const leave = operation('members.leave');
  const request = buildRequest(leave, firstInputs(leave, 'main'), '');
  assert.equal(request.headers['content-type'], 'application/json');
});

test('what must be there and is not is named before anything is sent', () => {
  const edit = operation('members.edit');
  const inputs = firstInputs(edit, 'main');
  assert.deepEqual(faultsOf(edit, inputs), ['id']);
  assert.match(buildRequest(edit, inputs, '').url, /\{id\}$/);
  const filled = { ...inputs, values: { ...inputs.values, id: 'a/b' } };
  assert.deepEqual(faultsOf(edit, { ...filled, body: '{' }), ['body']);
  assert.match(buildRequest(edit, filled, '').url, /a%2Fb$/);
});
