import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

// The text of the project as its limit tests, its picture and its figures see it: never its running code.

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Made by tools or by the machine, or not ours: nobody writes in them. */
const SKIPPED = /(^|\/)(node_modules|dist|output|\.[^/]+)$/;

export interface SourceFile {
  /** From the root of the project, with `/` on every system. */
  path: string;
  text: string;
}

export function exists(path: string): boolean {
  return existsSync(ROOT + path);
}

export function read(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}

export function readJson<T>(path: string): T {
  return JSON.parse(read(path));
}

/** Every path below a folder, folders with a `/` at the end. */
export function pathsBelow(folder: string): string[] {
  if (!exists(folder)) return [];
  return readdirSync(ROOT + folder, { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`;
    if (SKIPPED.test(path)) return [];
    return entry.isDirectory() ? [`${path}/`, ...pathsBelow(path)] : [path];
  });
}

const CODE = /\.(ts|tsx|mts|mjs|js)$/;

export function codeBelow(...folders: string[]): SourceFile[] {
  return folders
    .flatMap(pathsBelow)
    .filter(path => CODE.test(path) && !path.endsWith('.d.ts'))
    .map(path => ({ path, text: read(path) }));
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.startsWith('tests/') || path.startsWith('bench/');
}

export function parse(file: SourceFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
}

/** Every node of a file for which `pick` answers something. */
export function pickNodes<T>(file: SourceFile, pick: (node: ts.Node) => T | undefined): T[] {
  const picked: T[] = [];
  const visit = (node: ts.Node): void => {
    const answer = pick(node);
    if (answer !== undefined) picked.push(answer);
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return picked;
}

export function lineOf(node: ts.Node): number {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
