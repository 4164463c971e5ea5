import type { Lake, LakeRow } from '../lake.ts';
import type { CatalogCall } from './call.ts';
import { contextOf } from './context.ts';
import { parseLevels, showLevels } from './levels.ts';
import { type CatalogError, forbidden, noSuchTable, noSuchView } from './problem.ts';

// Which table or view a request is about, and whether this caller sees all of it. What they may not see is not there.

type Kind = LakeRow['kind'];

export interface Identifier {
  namespace: readonly string[];
  name: string;
}

/** As the address has it: `{namespace}` and `{table}` or `{view}`. */
export function identifierIn({ params }: CatalogCall): Identifier {
  return { namespace: parseLevels(params.namespace ?? ''), name: params.table ?? params.view ?? '' };
}

export async function findObject(
  lake: Pick<Lake, 'tables' | 'access'>,
  call: CatalogCall,
  kind: Kind,
  { namespace, name }: Identifier,
): Promise<LakeRow | undefined> {
  const row = await lake.tables.find(contextOf(call), namespace, name);
  if (row?.kind !== kind) return undefined;
  return (await lake.access(call.principal, row)) === 'none' ? undefined : row;
}

/**
 * Also where the namespace is not there: Spark asks for `db.t.files` as table `files` in the namespace `db.t`, and only goes on
 * to what it means after this very answer.
 */
export function missing(kind: Kind, { namespace, name }: Identifier): CatalogError {
  const shown = showLevels([...namespace, name]);
  return kind === 'table' ? noSuchTable(shown) : noSuchView(shown);
}

export async function requireObject(
  lake: Pick<Lake, 'tables' | 'access'>,
  call: CatalogCall,
  kind: Kind,
  identifier = identifierIn(call),
): Promise<LakeRow> {
  const row = await findObject(lake, call, kind, identifier);
  if (!row) throw missing(kind, identifier);
  return row;
}

/** What hands out files, or changes them: not for somebody who sees a part of the rows only. */
export async function requireWhole(
  lake: Pick<Lake, 'tables' | 'access'>,
  call: CatalogCall,
  kind: Kind,
  identifier = identifierIn(call),
): Promise<LakeRow> {
  const row = await requireObject(lake, call, kind, identifier);
  await checkWhole(lake, call, row);
  return row;
}

export async function checkWhole(lake: Pick<Lake, 'access'>, call: CatalogCall, row: LakeRow): Promise<void> {
  if ((await lake.access(call.principal, row)) === 'all') return;
  throw forbidden(
    `Policies limit what you see of ${showLevels([...row.levels, row.name])}, so its files are not handed out. Ask for its rows through Moulin.`,
  );
}

/** Those that this caller may know of. */
export async function visible(
  lake: Pick<Lake, 'access'>,
  call: CatalogCall,
  rows: readonly LakeRow[],
): Promise<LakeRow[]> {
  const sights = await Promise.all(rows.map(row => lake.access(call.principal, row)));
  return rows.filter((_, at) => sights[at] !== 'none');
}
