import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import { codeBelow, exists, isTest, pathsBelow } from '../../scripts/source/files.ts';
import {
  builtinOf,
  cyclesOf,
  graphOf,
  type Import,
  importsOf,
  targetOf,
} from '../../scripts/source/imports.ts';
import {
  EDGES,
  EFFECTS,
  FLOORS,
  floorOf,
  MAX_DEPTH,
  NEIGHBOURS,
  OPEN_ROOMS,
  PURE_NAMES,
  roomOf,
} from '../../scripts/source/rooms.ts';

const files = codeBelow('src', 'web/src', 'tests', 'bench', 'scripts');
const imports = files.flatMap(importsOf);
/** Tests reach into what they test and set up what they need. */
const ofProduct = imports.filter(one => one.from.startsWith('src/') && !isTest(one.from));

test('the scanner sees the imports of the project', () => {
  assert(files.length > 20, `${files.length} files`);
  assert(imports.some(one => one.kind === 'type') && imports.some(one => one.kind === 'value'));
});

test('every import that names a file names one that is there', () => {
  const missing = imports.filter(one => isProjectFile(one) && !exists(targetOf(one) ?? ''));
  assert.deepEqual(missing.map(describe), []);
});

test('imports form no cycle, neither at run time nor in types', () => {
  assert.deepEqual(cyclesOf(graphOf(imports.filter(one => !isPageLoad(one)))), []);
});

test('every file of src stands on a floor', () => {
  const lost = pathsBelow('src').filter(path => path.endsWith('.ts') && !floorOf(path));
  assert.deepEqual(lost, []);
});

test('a floor looks only down', () => {
  assert.deepEqual(ofProduct.filter(looksUp).map(describe), []);
});

test('a room imports only the neighbours it was given', () => {
  assert.deepEqual(ofProduct.filter(isStranger).map(describe), []);
});

test('a room is entered through its index', () => {
  assert.deepEqual(ofProduct.filter(climbsThroughWindow).map(describe), []);
});

test('the web shares the contract with the server, and nothing else', () => {
  const ofWeb = imports.filter(one => one.from.startsWith('web/src/') && !isTest(one.from));
  assert.deepEqual(ofWeb.filter(leavesTheWeb).map(describe), []);
  assert.deepEqual(ofProduct.filter(one => targetOf(one)?.startsWith('web/')).map(describe), []);
});

test('only the edges touch the world', () => {
  assert.deepEqual(ofProduct.filter(hasEffect).map(describe), []);
});

test(`folders under src are at most ${MAX_DEPTH} deep`, () => {
  const deep = pathsBelow('src').filter(path => path.endsWith('/') && path.split('/').length - 2 > MAX_DEPTH);
  assert.deepEqual(deep, []);
});

// A rule that finds nothing may be a rule that looks at nothing: each one is shown what it must refuse.

test('each rule refuses what it is for', () => {
  const planted = (path: string, text: string) => importsOf({ path, text });
  const [up] = planted('src/base/kit/ids.ts', "import { x } from '../../doors/cli/index.ts';");
  const [stranger] = planted('src/base/kit/ids.ts', "import type { x } from '../db/index.ts';");
  const [window] = planted('src/doors/cli/a.ts', "const x = await import('../../domains/access/store.ts');");
  const [effect] = planted('src/domains/access/members.ts', "import { readFile } from 'node:fs/promises';");
  const [pure] = planted('src/domains/access/members.ts', "import { isIP } from 'node:net';");
  const [web] = planted('web/src/api.ts', "export * from '../../src/base/kit/errors.ts';");
  assert(up && looksUp(up));
  assert(stranger && isStranger(stranger));
  assert(window && climbsThroughWindow(window));
  assert(effect && hasEffect(effect));
  assert(pure && !hasEffect(pure));
  assert(web && leavesTheWeb(web));
  const knot = [
    ...planted('src/a.ts', "import type { B } from './b.ts';"),
    ...planted('src/b.ts', "type C = import('./c.ts').C;"),
    ...planted('src/c.ts', "const a = () => import('./a.ts');"),
  ];
  assert.deepEqual(cyclesOf(graphOf(knot)), ['src/a.ts → src/b.ts → src/c.ts → src/a.ts']);
});

/** The list of areas loads its pages when they are opened, and a page may look at the list: neither waits for the other. */
function isPageLoad(one: Import): boolean {
  return one.kind === 'lazy' && one.from.startsWith('web/');
}

function isProjectFile({ specifier }: Import): boolean {
  return specifier.startsWith('.') && /\.(ts|tsx|mjs|js)$/.test(specifier);
}

function looksUp(one: Import): boolean {
  const [from, to] = [floorOf(one.from), floorOf(targetOf(one) ?? '')];
  return from !== undefined && to !== undefined && FLOORS.indexOf(to) > FLOORS.indexOf(from);
}

function isStranger(one: Import): boolean {
  const [from, to] = [roomOf(one.from), roomOf(targetOf(one) ?? '')];
  const sameFloor = floorOf(one.from) === floorOf(targetOf(one) ?? '');
  return (
    from !== undefined && to !== undefined && sameFloor && from !== to && !NEIGHBOURS[from]?.includes(to)
  );
}

/** A part that is a room in itself (`access/secrets`) may have a door of its own; `main.ts` builds, so it knows the parts. */
function climbsThroughWindow(one: Import): boolean {
  const target = targetOf(one) ?? '';
  const to = roomOf(target);
  if (to === undefined || to === roomOf(one.from) || OPEN_ROOMS.includes(to)) return false;
  return floorOf(one.from) !== 'main' && !target.endsWith('/index.ts');
}

function hasEffect(one: Import): boolean {
  const isEffect = EFFECTS.includes(builtinOf(one) ?? '') && one.kind !== 'type';
  const isPure = one.names.length > 0 && one.names.every(name => PURE_NAMES.includes(name));
  return isEffect && !isPure && !EDGES.some(edge => edge.test(one.from));
}

function leavesTheWeb(one: Import): boolean {
  const target = targetOf(one);
  return target !== undefined && !/^(web\/|src\/contract\/|docs\/images\/)/.test(target);
}

function describe(one: Import): string {
  return `${one.from} imports ${one.specifier.startsWith('.') ? posix.normalize(targetOf(one) ?? '') : one.specifier}`;
}
