import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';

// DuckDB with its own iceberg extension, in a process of its own: what is given on the command line is loaded, then each line of
// JSON is a list of statements, and the rows of the last one are the answer.

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
for (const path of process.argv.slice(2)) await connection.run(`LOAD '${path.replaceAll("'", "''")}'`);

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await runAll(JSON.parse(line).sql).catch((error: unknown) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function runAll(statements: readonly string[]): Promise<{ value: unknown }> {
  let rows: unknown[] = [];
  for (const sql of statements) rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  return { value: rows };
}
