import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LakeAccess } from '../../../../src/contract/lake.ts';
import { ENGINES, readText } from './read-text.ts';

const folder: LakeAccess = {
  catalog_uri: 'http://127.0.0.1:4610/iceberg',
  warehouse: 'main',
  storage: 'folder',
  root: 'file:///srv/lake',
  region: null,
  endpoint: null,
  path_style: false,
  vends_credentials: false,
};
const bucket: LakeAccess = {
  ...folder,
  storage: 's3',
  root: 's3://company/lake',
  region: 'eu-west-3',
  endpoint: 'https://s3.example.com',
  path_style: true,
};

test('each names the catalog, the warehouse and the table', () => {
  for (const engine of ENGINES) {
    const text = readText(engine, { namespace: 'shop', name: 'orders' }, folder);
    assert.match(text, /http:\/\/127\.0\.0\.1:4610\/iceberg/, engine);
    assert.match(text, /main/, engine);
    assert.match(text, /orders/, engine);
    assert.match(text, /<API token>/, engine);
  }
});

test('names that are no plain words are quoted as each language quotes', () => {
  const odd = { namespace: "o'brien", name: 'a "b" `c`' };
  assert.match(readText('duckdb', odd, folder), /FROM lake\."o'brien"\."a ""b"" `c`";/);
  assert.match(readText('pyiceberg', odd, folder), /\("o'brien", "a \\"b\\" `c`"\)/);
  assert.match(readText('spark', odd, folder), /`o'\\''brien`\.`a "b" ``c```/);
  assert.match(readText('snowflake', odd, folder), /CATALOG_NAMESPACE = 'o''brien'/);
});

test('keys are asked for where the storage hands out none, and only there', () => {
  for (const engine of ['duckdb', 'pyiceberg', 'spark', 'trino'] as const) {
    assert.match(readText(engine, { namespace: 'shop', name: 'orders' }, bucket), /<secret key>/, engine);
    const vended = readText(
      engine,
      { namespace: 'shop', name: 'orders' },
      { ...bucket, vends_credentials: true },
    );
    assert.doesNotMatch(vended, /<secret key>/, engine);
    assert.doesNotMatch(
      readText(engine, { namespace: 'shop', name: 'orders' }, folder),
      /<secret key>/,
      engine,
    );
  }
});

test('a folder is read where it is', () => {
  assert.match(
    readText('trino', { namespace: 'shop', name: 'orders' }, folder),
    /fs\.native-local\.enabled=true/,
  );
});
