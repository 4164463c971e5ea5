import { z } from 'zod';
import { parseJson } from '../../src/base/iceberg/index.ts';

// Trino's own protocol: a statement is posted, and its answer says where the next one is, until none is named. Ready-made clients
// read numbers as JavaScript does, and round those beyond 2^53.

const answerSchema = z.object({
  nextUri: z.string().optional(),
  columns: z.array(z.object({ name: z.string() })).optional(),
  data: z.array(z.array(z.unknown())).optional(),
  error: z.object({ errorName: z.string(), message: z.string().optional() }).optional(),
});

export type TrinoRow = Record<string, unknown>;

/** One statement, without a semicolon. Fails with what Trino says. */
export async function runTrino(url: string, sql: string): Promise<TrinoRow[]> {
  const headers = { 'X-Trino-User': 'test', 'X-Trino-Time-Zone': 'UTC' };
  const rows: TrinoRow[] = [];
  let answer = await ask(`${url}/v1/statement`, { method: 'POST', body: sql, headers });
  for (;;) {
    const { error, columns = [], data = [], nextUri } = answer;
    if (error) throw new Error(`${error.errorName}: ${error.message}`);
    for (const values of data)
      rows.push(Object.fromEntries(columns.map(({ name }, at) => [name, values[at] ?? null])));
    if (nextUri === undefined) return rows;
    // Each answer waits up to a second for something to say.
    answer = await ask(nextUri, { headers });
  }
}

async function ask(url: string, options: RequestInit): Promise<z.infer<typeof answerSchema>> {
  const answer = await fetch(url, options);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Trino answered ${answer.status}: ${text.slice(0, 300)}`);
  return answerSchema.parse(parseJson(text));
}
