import { printJson } from '../json.ts';
import type { Snapshot, TableMetadata } from '../model.ts';

/**
 * The bytes of a metadata file, as text. Version 1 gets the keys that its readers look for. Nearly all of it was in the one before:
 * what a long list has is printed once, and so are schemas.
 */
export function printMetadata(metadata: TableMetadata): string {
  const members = Object.entries(metadataJson(metadata)).flatMap(([key, value]) => {
    // As JSON does it.
    if (value === undefined) return [];
    const text = Array.isArray(value) ? `[${value.map(printOnce).join()}]` : printJson(value);
    return [`${JSON.stringify(key)}:${text}`];
  });
  return `{${members.join()}}`;
}

/** Parts of metadata are never changed, and the next version has the same ones. */
const printed = new WeakMap<object, string>();

function printOnce(part: unknown): string {
  if (typeof part !== 'object' || part === null) return printJson(part);
  const text = printed.get(part) ?? printJson(part);
  printed.set(part, text);
  return text;
}

/** The same as a plain object, for what contains metadata. To be written with `printJson`: ids are bigints. */
export function metadataJson(metadata: TableMetadata): Record<string, unknown> {
  const whole = {
    ...metadata,
    // Readers of version 2 know an empty table by -1; a key that is not there is an error to some.
    'current-snapshot-id': metadata['current-snapshot-id'] ?? -1,
  };
  return metadata['format-version'] === 1 ? asVersion1(whole) : whole;
}

function asVersion1(
  whole: Record<string, unknown> & Omit<TableMetadata, 'current-snapshot-id'>,
): Record<string, unknown> {
  const { 'last-sequence-number': _, ...rest } = whole;
  return {
    ...rest,
    schema: whole.schemas.find(schema => schema['schema-id'] === whole['current-schema-id']),
    'partition-spec':
      whole['partition-specs'].find(spec => spec['spec-id'] === whole['default-spec-id'])?.fields ?? [],
    snapshots: whole.snapshots.map(withoutSequence),
  };
}

function withoutSequence(snapshot: Snapshot): Omit<Snapshot, 'sequence-number'> {
  const { 'sequence-number': _, ...rest } = snapshot;
  return rest;
}
