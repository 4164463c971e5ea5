import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { codeBelow, lineOf, parse, pickNodes, type SourceFile } from '../../scripts/source/files.ts';

/**
 * Ways around the type checker and the linter that stay, by file, each with its reason. The list may only shrink:
 * an entry that is no longer true fails as a new escape does.
 */
const ALLOWED: Readonly<Record<string, { escapes: readonly string[]; why: string }>> = {
  'web/src/parts/form/use-form.ts': {
    escapes: ['biome-ignore'],
    why: 'the effect compares texts, because the values are new objects at each drawing',
  },
  'web/src/parts/table/table-grid.tsx': {
    escapes: ['biome-ignore'],
    why: 'a row that is only height is hidden from screen readers and holds nothing to focus',
  },
  'web/src/shell/palette.tsx': {
    escapes: ['biome-ignore'],
    why: 'the effect runs when what was found changes, which it does not read',
  },
  'web/src/shell/shell.tsx': {
    escapes: ['biome-ignore'],
    why: 'the effect runs when the page changes, which it does not read',
  },
};

const files = codeBelow('src', 'web/src', 'web/build', 'scripts', 'bench', 'tests', 'bin').filter(
  file => !file.path.startsWith('tests/limits/escapes'),
);

test('nothing gets around the type checker or the linter', () => {
  const found = files.flatMap(file =>
    escapesOf(file).map(({ kind, line }) => ({ kind, line, path: file.path })),
  );
  const open = found.filter(one => !ALLOWED[one.path]?.escapes.includes(one.kind));
  assert.deepEqual(
    open.map(one => `${one.path}:${one.line} ${one.kind}`),
    [],
  );
  const used = new Set(found.map(one => `${one.path} ${one.kind}`));
  const stale = Object.entries(ALLOWED).flatMap(([path, { escapes }]) =>
    escapes.map(kind => `${path} ${kind}`).filter(line => !used.has(line)),
  );
  assert.deepEqual(stale, [], 'these exceptions are no longer needed: take them out');
});

test('each kind of escape is recognised, and look-alikes are not', () => {
  const kinds = (text: string) => escapesOf({ path: 'x.ts', text }).map(one => one.kind);
  assert.deepEqual(kinds('const a: any = 1;'), ['any']);
  assert.deepEqual(kinds('const a = (b as any).c;'), ['any']);
  assert.deepEqual(kinds('const a = b!.c;'), ['!']);
  assert.deepEqual(kinds('let a!: string;'), ['!']);
  assert.deepEqual(kinds('class A { b!: string }'), ['!']);
  assert.deepEqual(kinds('// @ts-ignore because\nx();'), ['@ts-ignore']);
  assert.deepEqual(kinds('/* biome-ignore lint: because */ x();'), ['biome-ignore']);
  assert.deepEqual(
    kinds("const any = 'any'; if (!any) throw new Error('// @ts-ignore'); // any company!"),
    [],
  );
});

interface Escape {
  kind: string;
  line: number;
}

function escapesOf(file: SourceFile): Escape[] {
  return [...pickNodes(file, typeEscape), ...commentEscapes(file)];
}

function typeEscape(node: ts.Node): Escape | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return { kind: 'any', line: lineOf(node) };
  const asserts =
    ts.isNonNullExpression(node) ||
    ((ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) &&
      node.exclamationToken !== undefined);
  return asserts ? { kind: '!', line: lineOf(node) } : undefined;
}

const SILENCERS = /@ts-(?:ignore|nocheck|expect-error)|biome-ignore(?:-all|-start)?/g;

/** Only in comments: what stands in a string silences nothing. */
function commentEscapes(file: SourceFile): Escape[] {
  const source = parse(file);
  return [...file.text.matchAll(SILENCERS)]
    .filter(match => isInComment(source, match.index))
    .map(match => ({ kind: match[0], line: source.getLineAndCharacterOfPosition(match.index).line + 1 }));
}

function isInComment(source: ts.SourceFile, position: number): boolean {
  const innermost = (node: ts.Node): ts.Node =>
    ts.forEachChild(node, child =>
      child.getFullStart() <= position && position < child.getEnd() ? innermost(child) : undefined,
    ) ?? node;
  // Comments belong to no node: they lie between a node's full start and its first character, or between its children.
  const node = innermost(source);
  return (
    position < node.getStart(source) ||
    !(
      ts.isStringLiteralLike(node) ||
      ts.isTemplateExpression(node) ||
      ts.isRegularExpressionLiteral(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node) ||
      ts.isJsxText(node)
    )
  );
}
