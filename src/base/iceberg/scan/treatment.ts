import { IcebergError } from '../errors.ts';
import { specOf } from '../metadata/index.ts';
import { CONTENT, type DataFile, type Field } from '../model.ts';
import { type Footer, footerOf, hasDoubtfulMembers } from './footers.ts';
import { type Layout, misread, refuseMisread } from './layout.ts';
import { nameMapping } from './name-mapping.ts';
import type { Plan, PlannedFile } from './plan.ts';
import { type Reshaping, reshaping } from './reshape.ts';

/** How the rows of a file are read. Thousands of files need few ways, and those of one way are read at once. */
export interface Treatment {
  /** By the names of its columns: it has no field ids. */
  by_name: boolean;
  /** Columns that it does not have, and its partition does. */
  filled: readonly Field[];
  /** Nested columns whose members had other names then, by column id. */
  reshaped: ReadonlyMap<number, Reshaping>;
  position_deletes: boolean;
  equality_deletes: boolean;
  residual: boolean;
}

export interface Group extends Treatment {
  files: PlannedFile[];
}

export function groupFiles(
  plan: Plan,
  columns: readonly Field[],
  footers: ReadonlyMap<string, Footer>,
): Group[] {
  const mapping = nameMapping(plan.metadata);
  const fillable = identityColumns(plan, columns);
  const doubtful = columns.filter(column => hasDoubtfulMembers(column, plan.metadata));
  const groups = new Map<string, Group>();
  for (const planned of plan.files) {
    const { file } = planned;
    checkReadable(file);
    const by_name = mapping !== undefined && !footerOf(file, footers).has_ids;
    const own = by_name || doubtful.length === 0 ? [] : doubtful;
    const treatment: Treatment = {
      by_name,
      filled: fillable(file),
      reshaped: own.length === 0 ? NONE : reshapings(file, own, footerOf(file, footers).layout),
      position_deletes: planned.deletes.some(one => one.content === CONTENT.position_deletes),
      equality_deletes: planned.deletes.some(one => one.content === CONTENT.equality_deletes),
      residual: planned.residual && plan.filter.op !== 'true',
    };
    const key = treatmentKey(treatment);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { ...treatment, files: [planned] });
    else known.files.push(planned);
  }
  return [...groups.values()];
}

function treatmentKey({ filled, reshaped, ...flags }: Treatment): string {
  return JSON.stringify([flags, filled.map(field => field.id), [...reshaped.values()].map(one => one.key)]);
}

const NONE: Treatment['reshaped'] = new Map();

function reshapings(file: DataFile, columns: readonly Field[], layout: Layout): Treatment['reshaped'] {
  const found = new Map<number, Reshaping>();
  for (const column of columns) {
    const wrong = misread(column, layout);
    if (wrong === undefined) continue;
    const right = reshaping(column, layout);
    if (right === undefined) refuseMisread(file.file_path, wrong);
    found.set(column.id, right);
  }
  return found;
}

/**
 * Hive keeps the columns by which a table is partitioned in the names of folders and not in the files. A file that counts a
 * column has it; of one that does not, the partition's value is right whether it has or not.
 */
function identityColumns(plan: Plan, columns: readonly Field[]): (file: DataFile) => readonly Field[] {
  const bySpec = new Map<number, readonly Field[]>();
  const ofSpec = (spec_id: number) => {
    const fields = specOf(plan.metadata, spec_id).fields.filter(field => field.transform === 'identity');
    const sources = new Set(fields.map(field => field['source-id']));
    return columns.filter(column => sources.has(column.id));
  };
  return file => {
    const known = bySpec.get(file.spec_id) ?? ofSpec(file.spec_id);
    bySpec.set(file.spec_id, known);
    return known.length === 0 ? known : known.filter(column => !isCounted(file, column.id));
  };
}

const isCounted = (file: DataFile, id: number) => file.value_counts.has(id) || file.column_sizes.has(id);

/** The value of a filled column, of one file. */
export function filledValue(plan: Plan, file: DataFile, column: Field): DataFile['partition'][number] {
  const { fields } = specOf(plan.metadata, file.spec_id);
  const at = fields.findIndex(field => field.transform === 'identity' && field['source-id'] === column.id);
  return file.partition[at] ?? null;
}

// ── Refusals ────────────────────────────────────────────────────────────────────────────────────────

/** Of data files and of deletes. */
export function checkReadable(file: DataFile): void {
  const { file_path, file_format, key_metadata } = file;
  if (file_format.toLowerCase() !== 'parquet')
    throw new IcebergError('unsupported', `${file_path} is ${file_format}: only Parquet can be read.`, {
      file: file_path,
      format: file_format,
    });
  if (key_metadata !== undefined && key_metadata.length > 0)
    throw new IcebergError('unsupported', `${file_path} is encrypted.`, { file: file_path });
}
