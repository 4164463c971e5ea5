import { posix } from 'node:path';
import ts from 'typescript';
import { pickNodes, type SourceFile } from './files.ts';

export interface Import {
  from: string;
  /** As written: `./page.ts`, `node:fs`, `kysely/helpers/postgres`. */
  specifier: string;
  /** `type`: gone at run time. `lazy`: `import()` inside a function. */
  kind: 'value' | 'type' | 'lazy';
  names: readonly string[];
}

export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The compiler's own parser rather than a regular expression: comments and strings hold the word `import` too. */
export function importsOf(file: SourceFile): Import[] {
  return pickNodes(file, node => {
    const found = readStatic(node) ?? readDynamic(node) ?? readTypeNode(node);
    return found && { from: file.path, ...found };
  });
}

type Found = Omit<Import, 'from'>;

function readStatic(node: ts.Node): Found | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
    return {
      specifier: node.moduleSpecifier.text,
      ...namesOf(node.importClause?.namedBindings, node.importClause?.phaseModifier),
    };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier))
    return { specifier: node.moduleSpecifier.text, kind: node.isTypeOnly ? 'type' : 'value', names: [] };
  return undefined;
}

function namesOf(bindings: ts.NamedImportBindings | undefined, phase: ts.SyntaxKind | undefined) {
  const elements = bindings && ts.isNamedImports(bindings) ? [...bindings.elements] : [];
  const onlyTypes =
    phase === ts.SyntaxKind.TypeKeyword || (elements.length > 0 && elements.every(name => name.isTypeOnly));
  const names = elements.map(name => (name.propertyName ?? name.name).text);
  return { kind: onlyTypes ? ('type' as const) : ('value' as const), names };
}

function readDynamic(node: ts.Node): Found | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const [argument] = node.arguments;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
  if (!(isImport || isRequire) || !argument || !ts.isStringLiteralLike(argument)) return undefined;
  return { specifier: argument.text, kind: 'lazy', names: [] };
}

/** `import('./page.ts').Page` in a type. */
function readTypeNode(node: ts.Node): Found | undefined {
  if (!ts.isImportTypeNode(node) || !ts.isLiteralTypeNode(node.argument)) return undefined;
  const { literal } = node.argument;
  return ts.isStringLiteral(literal) ? { specifier: literal.text, kind: 'type', names: [] } : undefined;
}

/** The file of the project that an import means; undefined for a package. */
export function targetOf({ from, specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}

/** `kysely` of `kysely/helpers/postgres`, `@clack/prompts`; undefined for files of the project, Node's own modules, and what the build makes. */
export function packageOf({ specifier }: Import): string | undefined {
  if (/^(\.|node:|virtual:)/.test(specifier)) return undefined;
  const [first = '', second] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** `fs` of `node:fs/promises`. */
export function builtinOf({ specifier }: Import): string | undefined {
  return specifier.startsWith('node:') ? specifier.slice(5).split('/')[0] : undefined;
}

export function graphOf(imports: readonly Import[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const one of imports) {
    const to = targetOf(one);
    if (to) graph.set(one.from, (graph.get(one.from) ?? new Set()).add(to));
  }
  return graph;
}

/** One cycle per knot, as `a → b → a`; an empty list when there is none. */
export function cyclesOf(graph: Graph): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) cycles.push([...path.slice(at), node].join(' → '));
    if (at >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return cycles;
}
