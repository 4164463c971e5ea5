import { csvLine } from '../../../base/kit/csv.ts';
import type { AuditEntry } from '../../../contract/access.ts';

export type ExportFormat = 'csv' | 'ndjson';

const COLUMNS = [
  'at',
  'workspace_id',
  'actor_kind',
  'actor_id',
  'actor_name',
  'action',
  'object_kind',
  'object_id',
  'object_name',
  'changes',
  'ip',
  'request_id',
  'id',
  'position',
] as const satisfies readonly (keyof AuditEntry)[];

export const CONTENT_TYPES = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
} as const satisfies Record<ExportFormat, string>;

/** Page by page: a log of a million entries is never in memory, and each page is a transaction of its own. */
export async function* exportEntries(
  format: ExportFormat,
  pages: AsyncIterable<readonly AuditEntry[]>,
): AsyncIterable<string> {
  if (format === 'csv') yield csvLine(COLUMNS);
  for await (const page of pages) yield page.map(entry => toLine(format, entry)).join('');
}

function toLine(format: ExportFormat, entry: AuditEntry): string {
  if (format === 'ndjson') return `${JSON.stringify(entry)}\n`;
  return csvLine(COLUMNS.map(column => toText(entry[column])));
}

function toText(value: AuditEntry[keyof AuditEntry]): string | null {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
