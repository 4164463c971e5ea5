import { CONTENT, type DataFile, type Operation as SnapshotOperation, type Summary } from '../model.ts';
import { partitionKey } from '../scan/index.ts';

// The summary of a snapshot. Other engines copy the totals of the last snapshot onward, so a wrong one stays wrong for
// ever, and a missing one makes Spark's `register_table` fail: ours are right from the first snapshot on.

export interface Totals {
  data_files: number;
  delete_files: number;
  records: number;
  files_size: number;
  position_deletes: number;
  equality_deletes: number;
}

export const NOTHING: Totals = {
  data_files: 0,
  delete_files: 0,
  records: 0,
  files_size: 0,
  position_deletes: 0,
  equality_deletes: 0,
};

const LINES = {
  data_files: 'total-data-files',
  delete_files: 'total-delete-files',
  records: 'total-records',
  files_size: 'total-files-size',
  position_deletes: 'total-position-deletes',
  equality_deletes: 'total-equality-deletes',
} as const satisfies Record<keyof Totals, string>;
const COLUMNS = Object.keys(LINES) as (keyof Totals)[];

/** What a snapshot says of itself; undefined where it lacks a line or has one that is no count. */
export function totalsOf(summary: Readonly<Record<string, string>>): Totals | undefined {
  const totals = { ...NOTHING };
  for (const column of COLUMNS) {
    const text = summary[LINES[column]];
    if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
    totals[column] = Number(text);
  }
  return totals;
}

/** Undefined where more would be taken away than there is: then what we began with was wrong. */
export function addTotals(before: Totals, tally: Tally): Totals | undefined {
  const after = { ...NOTHING };
  for (const column of COLUMNS) after[column] = before[column] + tally.added[column] - tally.removed[column];
  return COLUMNS.every(column => after[column] >= 0) ? after : undefined;
}

export interface Tally {
  added: Totals;
  removed: Totals;
  added_position_files: number;
  added_equality_files: number;
  removed_position_files: number;
  removed_equality_files: number;
  partitions: Set<string>;
}

export function newTally(): Tally {
  return {
    added: { ...NOTHING },
    removed: { ...NOTHING },
    added_position_files: 0,
    added_equality_files: 0,
    removed_position_files: 0,
    removed_equality_files: 0,
    partitions: new Set(),
  };
}

export function countAdded(tally: Tally, file: DataFile): void {
  count(tally.added, file);
  if (file.content === CONTENT.position_deletes) tally.added_position_files += 1;
  if (file.content === CONTENT.equality_deletes) tally.added_equality_files += 1;
  tally.partitions.add(partitionKey(file));
}

export function countRemoved(tally: Tally, file: DataFile): void {
  count(tally.removed, file);
  if (file.content === CONTENT.position_deletes) tally.removed_position_files += 1;
  if (file.content === CONTENT.equality_deletes) tally.removed_equality_files += 1;
  tally.partitions.add(partitionKey(file));
}

export function count(totals: Totals, file: DataFile): void {
  totals.files_size += file.file_size_in_bytes;
  switch (file.content) {
    case CONTENT.data:
      totals.data_files += 1;
      totals.records += file.record_count;
      break;
    case CONTENT.position_deletes:
      totals.delete_files += 1;
      totals.position_deletes += file.record_count;
      break;
    case CONTENT.equality_deletes:
      totals.delete_files += 1;
      totals.equality_deletes += file.record_count;
      break;
  }
}

export function summarize(
  operation: SnapshotOperation,
  tally: Tally,
  totals: Totals,
  more: Readonly<Record<string, string>> = {},
): Summary {
  const { added, removed } = tally;
  const changes: [string, number][] = [
    ['added-data-files', added.data_files],
    ['deleted-data-files', removed.data_files],
    ['added-delete-files', added.delete_files],
    ['removed-delete-files', removed.delete_files],
    ['added-position-delete-files', tally.added_position_files],
    ['removed-position-delete-files', tally.removed_position_files],
    ['added-equality-delete-files', tally.added_equality_files],
    ['removed-equality-delete-files', tally.removed_equality_files],
    ['added-records', added.records],
    ['deleted-records', removed.records],
    ['added-position-deletes', added.position_deletes],
    ['removed-position-deletes', removed.position_deletes],
    ['added-equality-deletes', added.equality_deletes],
    ['removed-equality-deletes', removed.equality_deletes],
    ['added-files-size', added.files_size],
    ['removed-files-size', removed.files_size],
  ];
  return {
    ...more,
    operation,
    // Lines that say 0 are left out, as the library in Java does; totals are always there.
    ...Object.fromEntries(changes.filter(([, n]) => n > 0).map(([line, n]) => [line, String(n)])),
    'changed-partition-count': String(tally.partitions.size),
    ...Object.fromEntries(COLUMNS.map(column => [LINES[column], String(totals[column])])),
  };
}
