import { CONTENT, type DataFile } from '../model.ts';
import { onlyPath, partitionKey } from '../scan/index.ts';
import { addedData, type Isolation, type Kind, type Operation, removedData } from './operation.ts';

// What two writers must not both do, as one table. `history` is everything that others committed on the branch between the
// snapshot on which the operation was planned and the base on which it shall land.

/** What others did since. Compactions move rows without changing them, so their rows are no news; their files are. */
export interface History {
  /** False: where the operation began is no ancestor of the base any more (a rollback, an expiry). */
  connected: boolean;
  /** Data files that came with new rows. */
  added: readonly DataFile[];
  removed: readonly Removed[];
  /** Delete files that came, whoever wrote them. */
  deletes: readonly DataFile[];
}

/** A data file that went: with its rows, for another with the same rows, or for others with some of them. */
export interface Removed {
  file: DataFile;
  rows: 'gone' | 'moved' | 'changed';
}

export const NO_HISTORY: History = { connected: true, added: [], removed: [], deletes: [] };

export const RULES = [
  'history_unknown',
  'removed_file_gone',
  'removed_file_deleted_from',
  'target_gone',
  'target_deleted_from',
  'new_rows_read',
  'read_rows_gone',
  'partition_changed',
  'partition_deleted_from',
  'branch_changed',
] as const;
export type RuleName = (typeof RULES)[number];

type Levels = readonly Isolation[];
const BOTH: Levels = ['serializable', 'snapshot'];
const STRICT: Levels = ['serializable'];

/**
 * Which rule holds for which operation at which isolation. What is not here does not collide: appends and blind replacements
 * always apply ("Append operations have no requirements"), a rewrite may not bring back what others deleted, and only a merge
 * decides by rows that it then leaves alone (it inserts what it did not find).
 */
export const WHERE_RULES_HOLD: Readonly<Record<RuleName, Partial<Record<Kind, Levels>>>> = {
  history_unknown: {
    overwrite: BOTH,
    replace_partitions: BOTH,
    delete: BOTH,
    update: BOTH,
    merge: BOTH,
    rewrite: BOTH,
    publish: STRICT,
  },
  removed_file_gone: { overwrite: BOTH, delete: BOTH, update: BOTH, merge: BOTH, rewrite: BOTH },
  removed_file_deleted_from: { overwrite: BOTH, delete: BOTH, update: BOTH, merge: BOTH, rewrite: BOTH },
  target_gone: { delete: BOTH, update: BOTH, merge: BOTH },
  target_deleted_from: { update: BOTH, merge: BOTH },
  new_rows_read: { overwrite: STRICT, delete: STRICT, update: STRICT, merge: STRICT },
  read_rows_gone: { merge: STRICT },
  partition_changed: { replace_partitions: STRICT },
  partition_deleted_from: { replace_partitions: BOTH },
  branch_changed: { publish: STRICT },
};

export function holds(rule: RuleName, kind: Kind, isolation: Isolation): boolean {
  return WHERE_RULES_HOLD[rule][kind]?.includes(isolation) ?? false;
}

/** How the reads of the operation look at a file; from its filter and the table's schemas. */
export interface Sight {
  /** May a row of this data file match what was read? */
  reads(file: DataFile): boolean;
  /** May these deletes hit a row that was read? By partition: whom they hit is inside the file. */
  reads_below(deletes: DataFile): boolean;
  same(location: string): string;
  /** One partition, whatever its name: the table. */
  isUnpartitioned(spec_id: number): boolean;
}

export interface Collision {
  rule: RuleName;
  file?: string;
}

/** The first rule that is broken; undefined: the operation may land on this base. */
export function findCollision(
  operation: Operation,
  isolation: Isolation,
  history: History,
  sight: Sight,
): Collision | undefined {
  for (const rule of RULES) {
    if (!holds(rule, operation.kind, isolation)) continue;
    const broken = BREAKS[rule](operation, history, sight);
    if (broken === undefined) continue;
    return broken === '' ? { rule } : { rule, file: broken };
  }
  return undefined;
}

/** What broke the rule: the path of a file, '' where there is no file to name; undefined: nothing. */
type Breaks = (operation: Operation, history: History, sight: Sight) => string | undefined;

const BREAKS: Readonly<Record<RuleName, Breaks>> = {
  history_unknown: (_, history) => (history.connected ? undefined : ''),

  removed_file_gone(operation, history, sight) {
    const mine = locations(removedData(operation), sight);
    return history.removed.find(({ file }) => mine.has(sight.same(file.file_path)))?.file.file_path;
  },

  removed_file_deleted_from(operation, history, sight) {
    // The new files of a rewrite keep their old sequence number: later equality deletes go on to apply to them.
    const counts = (deletes: DataFile) =>
      operation.kind !== 'rewrite' || deletes.content !== CONTENT.equality_deletes;
    const hits = hitsAny(removedData(operation), sight);
    return history.deletes.find(deletes => counts(deletes) && hits(deletes))?.file_path;
  },

  target_gone(operation, history, sight) {
    const mine = targetsOf(operation, sight);
    // Two deletes of the same rows agree; a file that went for another one took our rows along.
    const agrees = (rows: Removed['rows']) => operation.kind === 'delete' && rows === 'gone';
    return history.removed.find(({ file, rows }) => mine.has(sight.same(file.file_path)) && !agrees(rows))
      ?.file.file_path;
  },

  target_deleted_from(operation, history, sight) {
    if (!('targets' in operation) || operation.targets.length === 0) return undefined;
    const mine = targetsOf(operation, sight);
    const partitions = new Set(operation.deletes.map(partitionKey));
    return history.deletes.find(deletes => mayHit(deletes, mine, partitions, sight))?.file_path;
  },

  new_rows_read: (_, history, sight) => history.added.find(file => sight.reads(file))?.file_path,

  read_rows_gone: (_, history, sight) =>
    history.removed.find(({ file, rows }) => rows !== 'moved' && sight.reads(file))?.file.file_path ??
    history.deletes.find(deletes => sight.reads_below(deletes))?.file_path,

  partition_changed(operation, history, sight) {
    const mine = new Set(addedData(operation).map(partitionKey));
    const everything = addedData(operation).some(file => sight.isUnpartitioned(file.spec_id));
    return history.added.find(file => everything || mine.has(partitionKey(file)))?.file_path;
  },

  partition_deleted_from(operation, history, sight) {
    const mine = new Set(addedData(operation).map(partitionKey));
    const everything = addedData(operation).some(file => sight.isUnpartitioned(file.spec_id));
    const inside = (file: DataFile) =>
      everything || sight.isUnpartitioned(file.spec_id) || mine.has(partitionKey(file));
    return (
      history.deletes.find(inside)?.file_path ??
      history.removed.find(({ file, rows }) => rows !== 'moved' && inside(file))?.file.file_path
    );
  },

  branch_changed: (_, history) =>
    history.added[0]?.file_path ??
    history.deletes[0]?.file_path ??
    history.removed.find(({ rows }) => rows !== 'moved')?.file.file_path,
};

function locations(files: readonly DataFile[], sight: Sight): Set<string> {
  return new Set(files.map(file => sight.same(file.file_path)));
}

function targetsOf(operation: Operation, sight: Sight): Set<string> {
  return new Set('targets' in operation ? operation.targets.map(path => sight.same(path)) : []);
}

function hitsAny(files: readonly DataFile[], sight: Sight): (deletes: DataFile) => boolean {
  const paths = locations(files, sight);
  const partitions = new Set(files.map(partitionKey));
  return deletes => paths.size > 0 && mayHit(deletes, paths, partitions, sight);
}

/** May `deletes` be about one of these files? A position delete that names its file says; the others tell their partition only. */
function mayHit(
  deletes: DataFile,
  paths: ReadonlySet<string>,
  partitions: ReadonlySet<string>,
  sight: Sight,
): boolean {
  const about = aboutFile(deletes);
  if (about !== undefined) return paths.has(sight.same(about));
  // Equality deletes of an unpartitioned spec are about the whole table.
  if (deletes.content === CONTENT.equality_deletes && sight.isUnpartitioned(deletes.spec_id)) return true;
  return partitions.has(partitionKey(deletes));
}

/** The one data file that these deletes are about, where the manifest says. */
export function aboutFile(deletes: DataFile): string | undefined {
  return deletes.content === CONTENT.position_deletes ? onlyPath(deletes) : undefined;
}
