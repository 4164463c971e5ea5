import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonTokens, prettyJson } from './json-tokens.ts';

test('names, texts, numbers and words are told apart', () => {
  const kinds = jsonTokens('{"a": "b: true", "n": -1.5e3, "z": null}')
    .filter(token => token.kind !== 'plain')
    .map(token => `${token.kind} ${token.text}`);
  assert.deepEqual(kinds, [
    'key "a"',
    'string "b: true"',
    'key "n"',
    'number -1.5e3',
    'key "z"',
    'word null',
  ]);
});

test('nothing is lost, whatever the text is', () => {
  for (const text of ['{"a":[1,"x\\"y"]}', 'id,name\n1,"Zoé"', '', '<html>'])
    assert.equal(
      jsonTokens(text)
        .map(token => token.text)
        .join(''),
      text,
    );
});

test('only JSON is laid out', () => {
  assert.equal(prettyJson('{"a":1}'), '{\n  "a": 1\n}');
  assert.equal(prettyJson('id,name\n'), 'id,name\n');
});
