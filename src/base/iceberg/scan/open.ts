import { IcebergError } from '../errors.ts';
import { CONTENT } from '../model.ts';
import type { Engine, Files } from '../world.ts';
import { equalityIds, readColumns } from './columns.ts';
import { type Footer, footersSql, needsFooters, readFooters } from './footers.ts';
import type { Paths } from './pieces.ts';
import type { Plan } from './plan.ts';
import { type ScanSqlOptions, scanSql } from './sql.ts';

export interface ScanWorld {
  files: Pick<Files, 'open'>;
  /** Asked for footers only. */
  engine: Engine;
  /** Kept from scan to scan by whoever wants to: a file's footer never changes. */
  footers?: Map<string, Footer>;
}

export interface OpenScan {
  /** One SELECT, to run before `release`. */
  sql: string;
  release(): void;
}

/** Brings the files of a plan to this machine and says what DuckDB is to run. */
export async function openScan(
  plan: Plan,
  world: ScanWorld,
  options: Pick<ScanSqlOptions, 'positions'> = {},
): Promise<OpenScan> {
  const locations = locationsOf(plan);
  const { paths, release } = await world.files.open(locations);
  try {
    const at = new Map(locations.map((location, index) => [location, paths[index] ?? '']));
    const footers = await footersFor(plan, at, world);
    return { sql: scanSql(plan, at, { ...options, footers }), release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Data files and deletes, each once. */
export function locationsOf(plan: Pick<Plan, 'files'>): string[] {
  const deletes = new Set(plan.files.flatMap(planned => planned.deletes));
  return [
    ...new Set([
      ...plan.files.map(({ file }) => file.file_path),
      ...[...deletes].map(file => file.file_path),
    ]),
  ];
}

export async function footersFor(
  plan: Plan,
  paths: Paths,
  { engine, footers }: ScanWorld,
): Promise<Map<string, Footer>> {
  const known = footers ?? new Map<string, Footer>();
  const keyed = equalityDeleteLocations(plan);
  const data = needsFooters(plan, readColumns(plan, equalityIds(plan)))
    ? plan.files.map(({ file }) => file.file_path)
    : [];
  const unknown = [...new Set([...data, ...keyed])].filter(location => !known.has(location));
  for (let at = 0; at < unknown.length; at += FOOTERS_AT_ONCE)
    await readInto(known, unknown.slice(at, at + FOOTERS_AT_ONCE), paths, engine);
  for (const location of keyed) refuseWithoutIds(location, known);
  return known;
}

/** Of wide tables a footer is thousands of rows. */
const FOOTERS_AT_ONCE = 1000;

async function readInto(
  known: Map<string, Footer>,
  locations: readonly string[],
  paths: Paths,
  engine: Engine,
) {
  const here = new Map(locations.map(location => [paths.get(location) ?? '', location]));
  for (const [path, footer] of readFooters(await engine.query(footersSql([...here.keys()])))) {
    const location = here.get(path);
    if (location !== undefined) known.set(location, footer);
  }
}

function equalityDeleteLocations(plan: Plan): string[] {
  const all = new Set(plan.files.flatMap(planned => planned.deletes));
  return [...all].filter(file => file.content === CONTENT.equality_deletes).map(file => file.file_path);
}

/** Its columns would read as NULL, and NULL rows be deleted instead of those that it names. */
function refuseWithoutIds(location: string, known: ReadonlyMap<string, Footer>): void {
  if (known.get(location)?.has_ids) return;
  throw new IcebergError('unsupported', `The deletes in ${location} have no field ids.`, { file: location });
}
