import { fail } from '../../base/kit/errors.ts';

// Any text is a name (contract/lake.ts says which characters cannot be). What the form of the JDBC catalog has no room for is
// refused by name: other engines may read the catalog from PostgreSQL itself.

/** Of a column of the JDBC catalog. */
const MAX_LENGTH = 255;

export function pathOf(levels: readonly string[]): string {
  const path = levels.join('.');
  if (path.length > MAX_LENGTH)
    throw fail('lake.name', { name: path.slice(0, 60), reason: `it has more than ${MAX_LENGTH} characters` });
  return path;
}

/** Of a table, a view or one level: no address can say these, and engines reach tables by addresses. */
export function checkName(name: string): void {
  if (name === '.' || name === '..')
    throw fail('lake.name', { name, reason: 'in an address it means the one before' });
}

/** `shop.orders`, for messages and events. */
export function fullName(namespace: string, name: string): string {
  return `${namespace}.${name}`;
}

/** A dot inside a level makes two namespaces look alike: `a.b` as one level, and `b` in `a`. */
export function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((level, at) => fold(level) === fold(b[at] ?? ''));
}

/** As PostgreSQL's `lower` does it: letter by letter. */
function fold(text: string): string {
  return Array.from(text, letter => {
    const lower = letter.toLowerCase();
    return Array.from(lower).length === 1 ? lower : letter;
  }).join('');
}
