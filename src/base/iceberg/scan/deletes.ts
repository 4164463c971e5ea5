import { CONTENT, type DataFile, type ManifestEntry, type PartitionSpec } from '../model.ts';
import { normalLocation } from './location.ts';

// Which deletes apply to which data file, by the rules of the specification: equality deletes to what is strictly older, position
// deletes to what is older or of the same commit; both within one partition of one spec, but equality deletes of an unpartitioned
// spec everywhere.

/** A file of deletes with its place in the order of commits. */
export interface DeleteFile extends DataFile {
  sequence_number: number;
}

export interface DeleteIndex {
  of(entry: ManifestEntry): readonly DeleteFile[];
}

export const FILE_PATH_ID = 2147483546;
export const POSITION_ID = 2147483545;

const NONE: readonly DeleteFile[] = [];

export function indexDeletes(
  entries: readonly ManifestEntry[],
  specs: readonly PartitionSpec[],
): DeleteIndex {
  if (entries.length === 0) return { of: () => NONE };
  const index = sortedIndex(entries, specs);
  return {
    of(entry) {
      const key = partitionKey(entry.file);
      const parts = [
        index.everywhere.after(entry.sequence_number),
        index.equality.get(key)?.after(entry.sequence_number) ?? NONE,
        index.positions.get(key)?.from(entry.sequence_number) ?? NONE,
        index.paths.get(pathKey(key, entry.file.file_path))?.from(entry.sequence_number) ?? NONE,
      ].filter(part => part.length > 0);
      // Thousands of files share one list of deletes: it is not copied for each.
      return parts.length === 1 ? (parts[0] ?? NONE) : parts.flat();
    },
  };
}

interface SortedIndex {
  everywhere: BySequence;
  equality: Map<string, BySequence>;
  positions: Map<string, BySequence>;
  paths: Map<string, BySequence>;
}

function sortedIndex(entries: readonly ManifestEntry[], specs: readonly PartitionSpec[]): SortedIndex {
  const unpartitioned = new Set(specs.filter(isUnpartitioned).map(spec => spec['spec-id']));
  const everywhere: DeleteFile[] = [];
  const equality = new Map<string, DeleteFile[]>();
  const positions = new Map<string, DeleteFile[]>();
  const paths = new Map<string, DeleteFile[]>();
  for (const { file, sequence_number } of entries) {
    const deletes = { ...file, sequence_number };
    const key = partitionKey(file);
    const path = file.content === CONTENT.position_deletes ? onlyPath(file) : undefined;
    if (path !== undefined) push(paths, pathKey(key, path), deletes);
    else if (file.content === CONTENT.position_deletes) push(positions, key, deletes);
    else if (unpartitioned.has(file.spec_id)) everywhere.push(deletes);
    else push(equality, key, deletes);
  }
  return {
    everywhere: bySequence(everywhere),
    equality: sorted(equality),
    positions: sorted(positions),
    paths: sorted(paths),
  };
}

/** Also where every field was removed and left `void`, as tables of version 1 do. */
export const isUnpartitioned = (spec: PartitionSpec) =>
  spec.fields.every(field => field.transform === 'void');

/** The one data file that a file of position deletes is about, if its manifest says so. */
export function onlyPath(file: DataFile): string | undefined {
  if (file.referenced_data_file !== undefined) return file.referenced_data_file;
  const lower = file.lower_bounds.get(FILE_PATH_ID)?.toString('utf8');
  const upper = file.upper_bounds.get(FILE_PATH_ID)?.toString('utf8');
  // Equal bounds that do not end as a file does are the same beginning of many paths, cut by a careless writer.
  return lower !== undefined && lower === upper && /\.\w{2,8}$/.test(lower) ? lower : undefined;
}

export function partitionKey({ spec_id, partition }: Pick<DataFile, 'spec_id' | 'partition'>): string {
  return `${spec_id}|${partition.map(valueKey).join('|')}`;
}

function valueKey(value: DataFile['partition'][number]): string {
  if (value === null) return 'n';
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('hex')}`;
  // A number that was written before its column was widened is a bigint today; the zeros are one.
  if (typeof value === 'number' || typeof value === 'bigint') return `#${value === 0 ? 0 : value}`;
  return typeof value === 'string' ? `s${JSON.stringify(value)}` : String(value);
}

const pathKey = (partition: string, location: string) => `${partition}|${normalLocation(location)}`;

function push(map: Map<string, DeleteFile[]>, key: string, file: DeleteFile): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [file]);
  else list.push(file);
}

// ── By sequence number ──────────────────────────────────────────────────────────────────────────────

interface BySequence {
  /** Of this sequence number or later. */
  from(sequence_number: number): readonly DeleteFile[];
  /** Of a later one. */
  after(sequence_number: number): readonly DeleteFile[];
}

function sorted(groups: ReadonlyMap<string, DeleteFile[]>): Map<string, BySequence> {
  return new Map([...groups].map(([key, files]) => [key, bySequence(files)]));
}

/** Asked once for every data file: the end of a sorted list, cut once for each place where it may be cut. */
function bySequence(files: readonly DeleteFile[]): BySequence {
  const all = files.toSorted((a, b) => a.sequence_number - b.sequence_number);
  const tails = new Map<number, readonly DeleteFile[]>([[all.length, NONE]]);
  const from = (sequence_number: number) => {
    const at = firstAtLeast(all, sequence_number);
    const tail = tails.get(at) ?? all.slice(at);
    tails.set(at, tail);
    return tail;
  };
  return { from, after: sequence_number => from(sequence_number + 1) };
}

function firstAtLeast(files: readonly DeleteFile[], sequence_number: number): number {
  let [low, high] = [0, files.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((files[middle]?.sequence_number ?? Infinity) < sequence_number) low = middle + 1;
    else high = middle;
  }
  return low;
}
