import type { TaskKind } from '../../runs/index.ts';
import type { Lake } from '../lake.ts';
import { assemble, lakeOf } from '../open.ts';
import type { LakeParts } from '../parts.ts';
import { tableEvolve } from './evolve.ts';
import { tableExport } from './export.ts';
import type { StorageSettings } from './given.ts';
import { tableMaintain } from './maintain.ts';
import { tableWrite } from './write.ts';

/** What tasks can do with tables. The server checks with them what people ask for, a worker works with them. */
export function lakeKinds(given: LakeParts, settings: StorageSettings, lake?: Lake): TaskKind[] {
  const lake_parts = assemble(given);
  const parts = { lake: lake ?? lakeOf(lake_parts, given.access), lake_parts, settings };
  return [tableWrite(parts), tableMaintain(parts), tableEvolve(parts), tableExport(parts)];
}
