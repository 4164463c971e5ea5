import type { Row } from './engine.ts';

/** Rows as a SELECT of DuckDB, in the types of the columns. */
export function valuesOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ id, name, amount }) =>
      `(${id}::BIGINT, ${typeof name === 'string' ? text(name) : 'NULL'}::VARCHAR, ${amount ?? 'NULL'}::DOUBLE)`,
  );
  return `SELECT * FROM (VALUES ${lines.join(', ')}) AS rows (id, name, amount)`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
