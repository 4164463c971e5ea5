import { CONTENT, type TableMetadata } from '../model.ts';
import type { PlannedFile } from '../scan/index.ts';

// How a changed row of a file is changed: the file is written again, or the row is struck out where it lies.

/**
 * Measured on 20 million rows in four files: writing one of 5 million rows again takes 1.6 s, once; 5 % of rows struck out make
 * every scan five times as long. So striking out is for changes that are small in files that are large, and ends where what
 * is struck out adds up.
 */
export const STRIKE_OUT = {
  /** Smaller files are written again in less time than a scan loses. */
  min_bytes: 32 * 1024 * 1024,
  /** Of a file's rows, by this change. */
  max_share: 0.02,
  /** Of a file's rows, with what was struck out before. */
  max_total_share: 0.05,
  /** Delete files that a scan must read beside the file; each is one more. */
  max_delete_files: 4,
} as const;

export type ChangeMode = 'rewrite' | 'strike_out';
export type ModeChoice = ChangeMode | 'by_size';

/** `write.delete.mode` and its sisters, for tables whose owner has decided; else the file decides. */
export function modeChoice(kind: 'delete' | 'update' | 'merge', metadata: TableMetadata): ModeChoice {
  const mode = metadata.properties[`write.${kind}.mode`];
  if (mode === 'copy-on-write') return 'rewrite';
  return mode === 'merge-on-read' ? 'strike_out' : 'by_size';
}

export function modeOf(planned: PlannedFile, rows: number, choice: ModeChoice): ChangeMode {
  if (choice !== 'by_size') return choice;
  const { file, deletes } = planned;
  const before = deletes
    .filter(each => each.content === CONTENT.position_deletes)
    .reduce((sum, each) => sum + each.record_count, 0);
  const is_small =
    file.file_size_in_bytes >= STRIKE_OUT.min_bytes &&
    rows <= STRIKE_OUT.max_share * file.record_count &&
    rows + before <= STRIKE_OUT.max_total_share * file.record_count &&
    deletes.length < STRIKE_OUT.max_delete_files;
  return is_small ? 'strike_out' : 'rewrite';
}
