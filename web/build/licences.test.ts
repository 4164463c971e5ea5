import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageOf } from './file-licences-plugin.ts';

const web = join(import.meta.dirname, '..');
const file = join(web, 'dist', 'licences.md');
const built = existsSync(join(web, 'dist', 'index.html'));
const skip = built ? false : 'the web is not built here (npm run build -w web)';

/** Asked for by name, and in no page: what builds and what only has types. */
const NOT_SHIPPED = /^(vite|@vitejs\/.*|@types\/.*)$/;

test('the licence of everything that is built into the pages travels with them', { skip }, () => {
  const text = readFileSync(file, 'utf8');
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(web, 'package.json'), 'utf8'),
  );
  const shipped = Object.entries(devDependencies).filter(([name]) => !NOT_SHIPPED.test(name));
  const missing = shipped.filter(([name, version]) => !text.includes(`## ${name} - ${version} (`));
  assert.deepEqual(missing, []);
  assert.match(text, /SIL OPEN FONT LICENSE Version 1\.1/i);
});

test('a file belongs to the innermost package around it', () => {
  assert.equal(packageOf('/a/node_modules/@x/font/files/y.woff2'), '/a/node_modules/@x/font');
  assert.equal(packageOf('/a/node_modules/b/node_modules/c/d.svg'), '/a/node_modules/b/node_modules/c');
  assert.equal(packageOf('/a/web/src/mark.svg'), undefined);
});
