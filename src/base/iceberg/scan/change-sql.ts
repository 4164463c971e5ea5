import { IcebergError } from '../errors.ts';
import { quoteName } from '../filter/index.ts';
import { foldCase } from '../schema/fields.ts';
import { duckType } from '../write/types.ts';
import type { ChangePlan, Step } from './incremental.ts';
import { footersFor, locationsOf, type OpenScan, type ScanWorld } from './open.ts';
import type { Paths } from './pieces.ts';
import { type ScanSqlOptions, scanSql } from './sql.ts';

/**
 * The columns that are shown, and with each row what happened to it: `_change_type` (INSERT or DELETE; an update is one of each),
 * `_change_ordinal`, `_commit_snapshot_id`, as Spark calls them.
 */
export function changesSql(
  plan: ChangePlan,
  paths: Paths,
  options: Pick<ScanSqlOptions, 'footers'> = {},
): string {
  refuseTakenNames(plan);
  const sides = plan.steps.flatMap(step => stepSql(step, plan, paths, options));
  return sides.length > 0 ? sides.join('\nUNION ALL\n') : noChangesSql(plan);
}

const OURS = ['_change_type', '_change_ordinal', '_commit_snapshot_id'];

/** Others know these three by their names, so they cannot have other ones beside a table's own. */
function refuseTakenNames({ shown }: ChangePlan): void {
  const taken = shown.columns.find(({ name }) => OURS.includes(foldCase(name)));
  if (taken)
    throw new IcebergError(
      'invalid',
      `Column '${taken.name}' has the name of one that says what changed: choose the other columns.`,
      { field: taken.name },
    );
}

function stepSql(
  step: Step,
  plan: ChangePlan,
  paths: Paths,
  options: Pick<ScanSqlOptions, 'footers'>,
): string[] {
  const [before, after] = [step.before, step.after].map(side =>
    side.files.length === 0 ? undefined : `(${scanSql(side, paths, options)})`,
  );
  const columns = plan.shown.columns.map(field => quoteName(field.name)).join(', ');
  const rows = (type: string, there: string | undefined, other: string | undefined) =>
    there === undefined
      ? []
      : [
          `SELECT ${columns}, '${type}' AS _change_type, ${step.ordinal}::INTEGER AS _change_ordinal, '${step.snapshot['snapshot-id']}'::BIGINT AS _commit_snapshot_id
FROM (${other === undefined ? there : `${there} EXCEPT ALL ${other}`})`,
        ];
  return [...rows('DELETE', before, after), ...rows('INSERT', after, before)];
}

function noChangesSql({ shown }: ChangePlan): string {
  const columns = shown.columns.map(
    field => `CAST(NULL AS ${duckType(field.type)}) AS ${quoteName(field.name)}`,
  );
  return `SELECT ${columns.join(', ')}, NULL::VARCHAR AS _change_type, NULL::INTEGER AS _change_ordinal, NULL::BIGINT AS _commit_snapshot_id WHERE false`;
}

export async function openChanges(plan: ChangePlan, world: ScanWorld): Promise<OpenScan> {
  const files = plan.steps.flatMap(({ before, after }) => [...before.files, ...after.files]);
  const locations = locationsOf({ files });
  const { paths, release } = await world.files.open(locations);
  try {
    const at = new Map(locations.map((location, index) => [location, paths[index] ?? '']));
    const footers = await footersFor({ ...plan.shown, columns: plan.shown.schema.fields, files }, at, world);
    return { sql: changesSql(plan, at, { footers }), release };
  } catch (error) {
    release();
    throw error;
  }
}
