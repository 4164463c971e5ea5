import assert from 'node:assert/strict';
import type { CatalogProxy, Fault } from '../support/catalog-proxy.ts';
import type { Operation, Row, Session, TableName } from './engine.ts';
import { type Ours, ROWS } from './matrix.ts';

// What an engine does when the answer to a commit is lost decides whether the table stays whole: some ask again, and delete what
// they staged when the second try is refused. Whatever an engine says afterwards, the rows are those of before or those of after,
// each once, and every file that the table names is there.

export const FAULTS: readonly Fault[] = ['conflict', 'unavailable_after', 'cut_after'];

/** What the engine saw of its first commit. */
const ANSWERS: Readonly<Record<Fault, number>> = { conflict: 409, unavailable_after: 503, cut_after: 0 };

export interface FaultCheck {
  operation: Operation;
  run(session: Required<Session>, table: TableName): Promise<void>;
  after: readonly Row[];
}

const MORE: readonly Row[] = [{ id: 4, name: 'd', amount: 4.5 }];

export const FAULT_CHECKS: readonly FaultCheck[] = [
  { operation: 'append', run: (session, table) => session.append(table, MORE), after: [...ROWS, ...MORE] },
  {
    operation: 'update',
    run: (session, table) => session.update(table, 2, 20),
    after: ROWS.map(row => (row.id === 2 ? { ...row, amount: 20 } : row)),
  },
  { operation: 'delete', run: (session, table) => session.delete(table, 1), after: ROWS.slice(1) },
  {
    operation: 'merge',
    run: (session, table) => session.merge(table, [{ id: 1, name: 'z', amount: 9 }, ...MORE]),
    after: [{ id: 1, name: 'z', amount: 9 }, ...ROWS.slice(1), ...MORE],
  },
  { operation: 'overwrite', run: (session, table) => session.overwrite(table, MORE), after: MORE },
];

/** What the engine said; undefined where it was content. */
export async function runFault(
  check: FaultCheck,
  fault: Fault,
  { session, ours, table }: { session: Required<Session>; ours: Ours; table: TableName },
  proxy: Pick<CatalogProxy, 'break' | 'commits'>,
): Promise<string | undefined> {
  await ours.make(table, ROWS);
  const commits_before = proxy.commits.length;
  proxy.break(fault);
  const said = await check.run(session, table).then(
    () => undefined,
    (error: unknown) => String(error).slice(0, 300),
  );
  assert.equal(proxy.commits[commits_before]?.status, ANSWERS[fault], 'nothing was broken');
  const rows = await ours.read(table);
  // The commit was made, or it was not and the engine has said so; there is nothing between.
  const done = fault !== 'conflict' || said === undefined;
  assert.deepEqual(rows, done ? check.after : ROWS, said);
  // The table goes on: for the engine, which may not know that it wrote, and for us.
  await session.append(table, [{ id: 9, name: 'later', amount: 9 }]);
  await ours.append(table, [{ id: 10, name: 'later', amount: 10 }]);
  const ids = (await ours.read(table)).map(({ id }) => id);
  assert.deepEqual(ids, [...rows.map(({ id }) => id), 9, 10]);
  return said;
}
