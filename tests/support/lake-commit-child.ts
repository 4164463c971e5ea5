import { openPrepared } from '../../src/base/db/index.ts';
import { currentSchema, openEngine, parseMetadata, writeData } from '../../src/base/iceberg/index.ts';
import type { Moment } from '../../src/domains/lakehouse/moments.ts';
import { assemble, lakeOf } from '../../src/domains/lakehouse/open.ts';
import { beginAttempt } from '../../src/domains/lakehouse/tasks/begin.ts';
import { attemptName } from '../../src/domains/lakehouse/tasks/given.ts';
import { pack } from '../../src/domains/lakehouse/tasks/packed.ts';
import { commitStaged, openPreparing } from '../../src/domains/lakehouse/tasks/staged.ts';
import { lakeParts } from './lake.ts';

// Appends ten rows to a table as a worker does for an attempt, and ends itself, as `kill -9` would, at the step that it is told.

const told = JSON.parse(process.argv[2] ?? '{}');
const { app, instance_id, folder, place, table_id, moment, from } = told;

const endAt = (reached: Moment | 'data_written' | 'prepared') => {
  if (reached === moment) process.kill(process.pid, 'SIGKILL');
};
const store = await openPrepared(app, instance_id);
const parts = assemble({
  ...(await lakeParts({ after() {} } as never, { store }, folder)),
  reached: endAt,
});
const lake = lakeOf(parts);
const kind = { lake, lake_parts: parts, settings: { kind: 'folder' as const, folder: `${folder}/objects` } };
const given = await beginAttempt(kind, place, { table_id });
const metadata = parseMetadata(given.table?.metadata ?? '');
const engine = await openEngine({});
const added = await writeData(engine, lake.filesOf(place.workspace_id), {
  ...{ metadata, attempt: attemptName(place.task_id, place.attempt) },
  select: `SELECT range AS id, 'row ' || range AS name FROM range(${from}, ${from + 10})`,
});
endAt('data_written');
const operation = { kind: 'append' as const, added, schema_id: currentSchema(metadata)['schema-id'] };
const run_as = { kind: 'local' as const, id: 'local', name: 'local' };
const context = { ...place, run_as, signal: new AbortController().signal };
const staged = { table_id, operation: pack(operation) };
const prepared = await openPreparing(kind)({ n: 1, staged, state: null }, context);
endAt('prepared');
const answer = await store.withWorkspace({ workspace_id: place.workspace_id }, tx =>
  commitStaged(parts, tx, prepared, { ...context, n: 1 }),
);
endAt('committed');
await engine.close();
await store.close();
console.log(typeof answer === 'object' ? 'committed' : answer);
