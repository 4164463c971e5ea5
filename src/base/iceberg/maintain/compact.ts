import { countOr } from '../commit/index.ts';
import { CONTENT, type DataFile, type Value } from '../model.ts';
import { partitionKey } from '../scan/index.ts';

// Which files are written again as fewer, larger ones. Files of one partition together, and never more of them than fit into one
// piece of work: a group is planned, written and committed by itself, so an interruption loses one group at most.

export interface CompactionRules {
  target_bytes: number;
  /** Smaller ones are worth being joined. */
  small_bytes: number;
  /** Larger ones are worth being split. */
  large_bytes: number;
  /** So many small files in one partition, or it waits. */
  min_files: number;
  /** Of a file's rows: with more struck out, reading it costs more than writing it again. */
  max_deleted_share: number;
  /** Delete files that a scan must read beside one data file. */
  max_delete_files: number;
  max_group_bytes: number;
  /** Files of another spec are brought over to this one. */
  spec_id?: number;
}

const MB = 1024 * 1024;

/** From `write.target-file-size-bytes`, with the proportions that other engines use. */
export function compactionRules(properties: Readonly<Record<string, string>>): CompactionRules {
  const target = countOr(properties['write.target-file-size-bytes'], 512 * MB);
  return {
    target_bytes: target,
    small_bytes: Math.floor(target * 0.75),
    large_bytes: Math.ceil(target * 1.8),
    min_files: 5,
    max_deleted_share: 0.1,
    max_delete_files: 4,
    max_group_bytes: Math.max(2 * target, 1024 * MB),
  };
}

/** A data file with the deletes that apply to it, as a scan plans it. */
export interface Piece {
  file: DataFile;
  deletes: readonly DataFile[];
}

export interface CompactionGroup<P extends Piece = Piece> {
  spec_id: number;
  partition: readonly (Value | null)[];
  pieces: P[];
  bytes: number;
  /** Files that it will become, about. */
  outputs: number;
}

/** Holds only what is to be rewritten, however long the table is. */
export async function planCompaction<P extends Piece>(
  pieces: AsyncIterable<P> | Iterable<P>,
  rules: CompactionRules,
): Promise<CompactionGroup<P>[]> {
  const partitions = new Map<string, P[]>();
  for await (const piece of pieces) {
    if (!isCandidate(piece, rules)) continue;
    const key = partitionKey(piece.file);
    const known = partitions.get(key);
    if (known) known.push(piece);
    else partitions.set(key, [piece]);
  }
  return [...partitions.values()]
    .flatMap(candidates => pack(candidates, rules.max_group_bytes))
    .filter(group => isWorthIt(group, rules))
    .map(group => groupOf(group, rules));
}

function isCandidate(piece: Piece, rules: CompactionRules): boolean {
  const bytes = piece.file.file_size_in_bytes;
  return bytes < rules.small_bytes || bytes > rules.large_bytes || mustBeRewritten(piece, rules);
}

/** Reasons that hold for one file alone. */
function mustBeRewritten({ file, deletes }: Piece, rules: CompactionRules): boolean {
  if (rules.spec_id !== undefined && file.spec_id !== rules.spec_id) return true;
  if (file.file_size_in_bytes > rules.large_bytes) return true;
  if (deletes.length > rules.max_delete_files) return true;
  return struckOut(deletes) > rules.max_deleted_share * file.record_count;
}

/** At most: deletes that are about several files count for each. Of equality deletes nobody knows, so one of them suffices. */
function struckOut(deletes: readonly DataFile[]): number {
  let rows = 0;
  for (const each of deletes)
    rows += each.content === CONTENT.equality_deletes ? Number.POSITIVE_INFINITY : each.record_count;
  return rows;
}

/** First fit, largest first: close to the best, and the same each time. */
function pack<P extends Piece>(pieces: readonly P[], max_bytes: number): P[][] {
  const bins: { pieces: P[]; bytes: number }[] = [];
  const largest_first = pieces.toSorted(
    (a, b) =>
      b.file.file_size_in_bytes - a.file.file_size_in_bytes || (a.file.file_path < b.file.file_path ? -1 : 1),
  );
  for (const piece of largest_first) {
    const bytes = piece.file.file_size_in_bytes;
    const bin = bins.find(each => each.bytes + bytes <= max_bytes);
    if (bin) {
      bin.pieces.push(piece);
      bin.bytes += bytes;
    } else bins.push({ pieces: [piece], bytes });
  }
  return bins.map(bin => bin.pieces);
}

function isWorthIt(group: readonly Piece[], rules: CompactionRules): boolean {
  if (group.some(piece => mustBeRewritten(piece, rules))) return true;
  const bytes = bytesOf(group);
  return group.length >= rules.min_files || (group.length > 1 && bytes >= rules.target_bytes);
}

function bytesOf(group: readonly Piece[]): number {
  return group.reduce((sum, { file }) => sum + file.file_size_in_bytes, 0);
}

function groupOf<P extends Piece>(pieces: P[], rules: CompactionRules): CompactionGroup<P> {
  const bytes = bytesOf(pieces);
  const first = pieces[0]?.file;
  return {
    spec_id: first?.spec_id ?? 0,
    partition: first?.partition ?? [],
    pieces,
    bytes,
    outputs: Math.max(1, Math.round(bytes / rules.target_bytes)),
  };
}
