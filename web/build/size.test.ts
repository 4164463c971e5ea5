import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

interface Chunk {
  file: string;
  imports?: string[];
}

/** The first load of any page, JavaScript, compressed. */
const MOST_KB = 350;
const dist = join(import.meta.dirname, '..', 'dist');
const manifestFile = join(dist, '.vite', 'manifest.json');
const skip = existsSync(manifestFile) ? false : 'the web is not built here (npm run build -w web)';

/** Chunks and all that they import at once; what they import later does not count. */
function closureOf(manifest: Record<string, Chunk>, names: readonly string[]): Set<string> {
  const seen = new Set(names);
  // A set that grows while it is walked is walked to its end.
  for (const name of seen) for (const imported of manifest[name]?.imports ?? []) seen.add(imported);
  return seen;
}

test(`opening any page for the first time loads at most ${MOST_KB} kB of JavaScript`, { skip }, () => {
  const manifest: Record<string, Chunk> = JSON.parse(readFileSync(manifestFile, 'utf8'));
  const sizes = new Map<string, number>();
  const sizeOf = (names: Iterable<string>) => {
    const files = new Set(
      [...names].flatMap(name => manifest[name]?.file ?? []).filter(file => file.endsWith('.js')),
    );
    return [...files].reduce((sum, file) => {
      if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(dist, file))).length);
      return sum + (sizes.get(file) ?? 0);
    }, 0);
  };
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const initial = Object.keys(manifest).filter(name => html.includes(`"/${manifest[name]?.file}"`));
  assert.ok(initial.length > 0, 'index.html loads nothing of the manifest');
  const pages = Object.keys(manifest).filter(name => name.endsWith('-page.tsx'));
  assert.ok(pages.length > 0, 'the manifest has no pages');
  const heavy = pages
    .map(page => ({ page, kb: sizeOf(closureOf(manifest, [...initial, page])) / 1000 }))
    .filter(({ kb }) => kb > MOST_KB);
  assert.deepEqual(heavy, []);
});
