import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { errors } from './errors.ts';
import { errorsOf, openApiDocument, toJsonSchema } from './openapi.ts';
import { routeEntries } from './routes.ts';

const document = openApiDocument('1.2.3');
const operations = Object.values(document.paths).flatMap(path => Object.values(path));
const operationOf = (name: string) => {
  const found = operations.find(operation => operation.operationId === name);
  assert(found, name);
  return found;
};

test('every route is an operation, once, at its address', () => {
  assert.deepEqual(
    operations.map(operation => operation.operationId).sort(),
    routeEntries.map(([name]) => name).sort(),
  );
  for (const [name, { path, method }] of routeEntries)
    assert.equal(document.paths[path]?.[method.toLowerCase()]?.operationId, name);
});

test('every reference leads somewhere, and only inside the document', () => {
  const text = JSON.stringify(document);
  const refs = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(match => String(match[1])));
  assert(refs.size > 20);
  for (const ref of refs) {
    const target = ref
      .split('/')
      .slice(1)
      .reduce((at: unknown, step) => (at as Record<string, unknown>)?.[step], document);
    assert(target, ref);
  }
});

test('every parameter of a path is declared, and nothing else claims to be one', () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]);
      const declared = operation.parameters.filter(parameter => parameter.in === 'path');
      assert.deepEqual(
        declared.map(parameter => parameter.name),
        inPath,
        operation.operationId,
      );
      assert(declared.every(parameter => parameter.required));
    }
});

test('every error that a route may answer is documented under its status, with an example', () => {
  for (const [name, route] of routeEntries)
    for (const code of errorsOf(route)) {
      const response = operationOf(name).responses[errors[code].status] as {
        content: Record<string, { examples: Record<string, unknown> }>;
      };
      assert(response.content['application/problem+json']?.examples[code], `${name}: ${code}`);
    }
});

test('security, versions and keys are said where they are asked for', () => {
  assert.deepEqual(operationOf('sign_in.options').security, []);
  assert.deepEqual(operationOf('me.show').security, [{ token: [] }, { session: [] }]);
  const headersOf = (name: string) =>
    operationOf(name)
      .parameters.filter(parameter => parameter.in === 'header')
      .map(parameter => parameter.name);
  assert.deepEqual(headersOf('members.edit'), ['Moulin-Workspace', 'If-Match']);
  assert.deepEqual(headersOf('workspaces.create'), ['Idempotency-Key']);
  assert.deepEqual(headersOf('events.stream'), ['last-event-id', 'Moulin-Workspace']);
  assert(operationOf('workspace.show').responses[304]);
});

test('the example of every body is a body that the route takes', () => {
  for (const [name, route] of routeEntries) {
    const example = operationOf(name).requestBody?.content['application/json']?.example;
    const problems = route.body
      ?.safeParse(example)
      .error?.issues.map(issue => `${issue.path}: ${issue.message}`);
    assert.deepEqual(problems ?? [], [], `${name} ${JSON.stringify(example)}`);
  }
});

test('secret fields are passwords to a form, and answers may grow', () => {
  const text = JSON.stringify(operationOf('sign_in.password').requestBody);
  assert.match(text, /"password":\{[^}]*"format":"password"/);
  assert(!JSON.stringify(document).includes('"secret":true'));
  assert(!JSON.stringify(document.components.schemas).includes('"additionalProperties":false'));
});

test('a schema that contains itself must be given a name', () => {
  const tree: z.ZodType = z.object({
    get children() {
      return z.array(tree);
    },
  });
  assert.throws(() => toJsonSchema(z.object({ tree }), 'input'), /needs a name/);
});
