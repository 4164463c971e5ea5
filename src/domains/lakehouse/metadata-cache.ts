import { type Files, parseMetadata, type TableMetadata } from '../../base/iceberg/index.ts';

// Metadata files never change, so what was parsed once need not be read again: a commit begins with the metadata that the one before
// it wrote. Bounded by the size of the files.

const MAX_BYTES = 64 * 1024 * 1024;
/** Parsed it takes several times as much; a giant would push everything else out. */
const LARGEST_BYTES = 8 * 1024 * 1024;

export interface MetadataCache {
  read(files: Files, location: string): Promise<TableMetadata>;
  /** What was just written there. */
  keep(location: string, metadata: TableMetadata, bytes: number): void;
  bytesOf(location: string): number | undefined;
}

export function openMetadataCache(): MetadataCache {
  const kept = new Map<string, { metadata: TableMetadata; bytes: number }>();
  let held = 0;

  const forget = (location: string) => {
    held -= kept.get(location)?.bytes ?? 0;
    kept.delete(location);
  };
  const keep = (location: string, metadata: TableMetadata, bytes: number) => {
    forget(location);
    if (bytes > LARGEST_BYTES) return;
    kept.set(location, { metadata, bytes });
    held += bytes;
    for (const [oldest] of kept) {
      if (held <= MAX_BYTES) break;
      forget(oldest);
    }
  };
  return {
    keep,
    bytesOf: location => kept.get(location)?.bytes,
    async read(files, location) {
      const known = kept.get(location);
      if (known) {
        // Used last, forgotten last.
        kept.delete(location);
        kept.set(location, known);
        return known.metadata;
      }
      const bytes = await files.read(location);
      const metadata = parseMetadata(bytes, location);
      keep(location, metadata, bytes.length);
      return metadata;
    },
  };
}
