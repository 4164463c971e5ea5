import type { Row } from './engine.ts';

/** How an SQL spells text; DuckDB and Trino as the standard says. */
export interface Dialect {
  type: string;
  text(value: string): string;
}

const STANDARD: Dialect = { type: 'VARCHAR', text };

/** Rows as a SELECT, in the types of the columns. */
export function valuesOf(rows: readonly Row[], dialect: Dialect = STANDARD): string {
  const lines = rows.map(
    ({ id, name, amount }) =>
      `(CAST(${id} AS BIGINT), CAST(${typeof name === 'string' ? dialect.text(name) : 'NULL'} AS ${dialect.type}), CAST(${amount ?? 'NULL'} AS DOUBLE))`,
  );
  return `SELECT * FROM (VALUES ${lines.join(', ')}) AS rows (id, name, amount)`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
