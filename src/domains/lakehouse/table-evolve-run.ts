import { stageEvolution } from '../../base/iceberg/index.ts';
import type { RunContext } from '../runs/index.ts';
import { toChange } from './schema-change.ts';
import type { EvolveInput, EvolveResult, StagedEvolution } from './tasks/evolve.ts';
import { pack } from './tasks/packed.ts';
import { openRunnerLake } from './tasks/runner.ts';
import { aboutRows } from './tasks/runner-words.ts';

// The runner half of `table.evolve`: all rows of the table as they are after the changes, in new files.

type Told = RunContext<EvolveInput>;

const MEMORY_MB = 768;

export function run(context: Told): Promise<EvolveResult> {
  return aboutRows(context.input.table_id, () => evolve(context));
}

async function evolve(context: Told): Promise<EvolveResult> {
  const { input, from } = context;
  if (isFacts(from.state)) return from.state;
  await using lake = await openRunnerLake(context, MEMORY_MB);
  const { metadata, engine, files, reader, given } = lake;
  if (!metadata) throw new Error('there is no table');
  const changes = input.changes.map(toChange);
  const world = { engine, files, reader, now: Date.now };
  const operation = await stageEvolution(metadata, changes, world, given.attempt);
  context.signal.throwIfAborted();
  const facts = {
    rows: operation.added.reduce((all, file) => all + file.record_count, 0),
    files: operation.added.length,
    bytes: operation.added.reduce((all, file) => all + file.file_size_in_bytes, 0),
  };
  const staged: StagedEvolution = {
    ...input,
    schema_id: metadata['current-schema-id'],
    operation: pack(operation),
  };
  context.log.info(`${facts.rows} rows are written anew, in ${facts.files} files`);
  await context.stage({ staged, state: facts });
  return facts;
}

function isFacts(state: unknown): state is EvolveResult {
  return typeof state === 'object' && state !== null && 'rows' in state && 'files' in state;
}
