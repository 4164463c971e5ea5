import { randomUUID } from 'node:crypto';
import type { TableMetadata } from '../model.ts';

const DEFAULT_PREVIOUS_VERSIONS = 100;

/** `metadata` as the follower of `previous`, whose file is noted in the log; the oldest are forgotten, as the table says. */
export function withPrevious(
  metadata: TableMetadata,
  previous: TableMetadata,
  previous_location: string,
): TableMetadata {
  const entry = { 'metadata-file': previous_location, 'timestamp-ms': previous['last-updated-ms'] };
  const log = [...previous['metadata-log'], entry];
  return { ...metadata, 'metadata-log': log.slice(-previousVersions(metadata.properties)) };
}

function previousVersions(properties: Readonly<Record<string, string>>): number {
  const wanted = Number(properties['write.metadata.previous-versions-max'] ?? DEFAULT_PREVIOUS_VERSIONS);
  return Number.isInteger(wanted) ? Math.max(1, wanted) : DEFAULT_PREVIOUS_VERSIONS;
}

/** Metadata files that `previous` still knew and `metadata` does not: `write.metadata.delete-after-commit.enabled` removes them. */
export function forgottenVersions(previous: TableMetadata, metadata: TableMetadata): string[] {
  const kept = new Set(metadata['metadata-log'].map(entry => entry['metadata-file']));
  return previous['metadata-log'].map(entry => entry['metadata-file']).filter(file => !kept.has(file));
}

/** `00003-<uuid>.metadata.json`: the number is for people, the uuid makes two writers write two files. */
export function metadataName(version: number): string {
  return `${String(version).padStart(5, '0')}-${randomUUID()}.metadata.json`;
}

/** The number in the name of a metadata file, of `v3.metadata.json` too; undefined for names of other kinds. */
export function versionOf(location: string): number | undefined {
  const name = location.slice(location.lastIndexOf('/') + 1);
  const digits = /^(?:v(\d{1,9})|(\d{1,9})-[^/]*)(?:\.gz)?\.metadata\.json(?:\.gz)?$/.exec(name);
  const number = digits?.[1] ?? digits?.[2];
  return number === undefined ? undefined : Number(number);
}
