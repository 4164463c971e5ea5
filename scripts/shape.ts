import { execFileSync } from 'node:child_process';
import ts from 'typescript';
import { codeBelow, isTest, lineOf, pickNodes, ROOT, type SourceFile } from './source/files.ts';
import { roomOf } from './source/rooms.ts';

// `npm run shape`: how the source looks in figures, beside projects that read well. To be looked at, never enforced:
// a number that grows is a question to a person, and splitting by a limit makes worse code than a long, clear file.

/** Counted by the same rules in the sources of these projects; named functions and methods only. */
const MODELS: readonly Row[] = [
  ['kysely', '303', '53 / 310 / 2971', '6 / 17 / 223', '37 %'],
  ['hono', '188', '70 / 319 / 2778', '11 / 47 / 201', '18 %'],
  ['fastify', '31', '164 / 554 / 1159', '9 / 48 / 509', '10 %'],
  ['pg-boss', '26', '174 / 1288 / 3029', '9 / 38 / 421', '16 %'],
  ['icebird', '50', '190 / 494 / 1028', '13 / 48 / 327', '34 %'],
];
const HEAD: Row = ['', 'files', 'lines of a file', 'lines of a function', 'comments'];

type Row = readonly string[];

interface Measure {
  name: string;
  where: string;
  lines: number;
  parameters: number;
}

function functionsOf(file: SourceFile): Measure[] {
  return pickNodes(file, node => {
    const name = nameOf(node);
    if (name === undefined || !ts.isFunctionLike(node) || !('body' in node) || !node.body) return undefined;
    const end = node.getSourceFile().getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    const where = `${file.path}:${lineOf(node)}`;
    return { name, where, lines: end - lineOf(node) + 1, parameters: node.parameters.length };
  });
}

/** Named functions and methods, and arrows that a constant names. */
function nameOf(node: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return node.name?.getText();
  const isArrow = ts.isArrowFunction(node) || ts.isFunctionExpression(node);
  return isArrow && ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : undefined;
}

function linesOf(file: SourceFile): number {
  return file.text.trimEnd().split('\n').length;
}

function commentLines(file: SourceFile): number {
  return file.text.split('\n').filter(line => /^\s*(\/\/|\/\*|\*)/.test(line)).length;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function spread(values: readonly number[]): string {
  return [quantile(values, 0.5), quantile(values, 0.9), quantile(values, 1)].join(' / ');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rowOf(title: string, files: readonly SourceFile[]): Row {
  const lines = files.map(linesOf);
  const share = Math.round((100 * sum(files.map(commentLines))) / Math.max(1, sum(lines)));
  const functions = files.flatMap(functionsOf).map(one => one.lines);
  return [title, String(files.length), spread(lines), spread(functions), `${share} %`];
}

function rooms(files: readonly SourceFile[]): Row[] {
  const groups = Object.entries(
    Object.groupBy(files, file => roomOf(file.path) ?? file.path.split('/')[0] ?? ''),
  );
  const sized = groups.map(([room, of = []]) => ({ room, files: of.length, lines: sum(of.map(linesOf)) }));
  return sized
    .toSorted((a, b) => b.lines - a.lines)
    .map(one => [one.room, String(one.files), String(one.lines)]);
}

/** Pairs that the same commits touch: a seam in the wrong place shows here first. */
function changingTogether(): Row[] {
  const log = execFileSync('git', ['log', '--format=%x00', '--name-only', '-n', '400'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const commits = log.split('\0').map(text => text.split('\n').filter(isOfProduct));
  const pairs = new Map<string, number>();
  // A commit over many files says nothing about two of them.
  for (const files of commits.filter(({ length }) => length > 1 && length <= 12))
    for (const [at, one] of files.entries())
      for (const other of files.slice(at + 1)) {
        const pair = [one, other].sort().join('  +  ');
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      }
  const often = [...pairs].filter(([, times]) => times > 2).toSorted(([, a], [, b]) => b - a);
  return often.slice(0, 10).map(([pair, times]) => [String(times), pair]);
}

function isOfProduct(path: string): boolean {
  return /^(src|web\/src)\/.*\.tsx?$/.test(path) && !isTest(path);
}

function print(title: string, rows: readonly Row[]): void {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of rows)
    console.log(`  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('   ')}`.trimEnd());
}

const product = codeBelow('src', 'web/src').filter(file => !isTest(file.path));
const tests = codeBelow('src', 'web/src', 'tests').filter(file => isTest(file.path));
const functions = product.flatMap(functionsOf);
const [server, web] = [
  product.filter(file => file.path.startsWith('src/')),
  product.filter(file => file.path.startsWith('web/')),
];

print('Shape (median / p90 / longest)', [
  HEAD,
  rowOf('src', server),
  rowOf('web', web),
  rowOf('tests', tests),
  ...MODELS,
]);
print('Rooms', [['', 'files', 'lines'], ...rooms(product)]);
print(
  'Longest files',
  product
    .toSorted((a, b) => linesOf(b) - linesOf(a))
    .slice(0, 8)
    .map(file => [String(linesOf(file)), file.path]),
);
print(
  'Longest functions',
  functions
    .toSorted((a, b) => b.lines - a.lines)
    .slice(0, 8)
    .map(one => [String(one.lines), one.name, one.where]),
);
const wide = functions.filter(one => one.parameters > 3).toSorted((a, b) => b.parameters - a.parameters);
print(
  `More than three parameters: ${wide.length} of ${functions.length} functions`,
  wide.slice(0, 8).map(one => [String(one.parameters), one.name, one.where]),
);
print('Changed together', changingTogether());
