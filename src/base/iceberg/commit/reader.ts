import { IcebergError } from '../errors.ts';
import { readManifest, readManifestList } from '../manifest/index.ts';
import { currentSchema, specOf } from '../metadata/index.ts';
import type {
  ManifestEntry,
  ManifestFile,
  PartitionSpec,
  Schema,
  Snapshot,
  TableMetadata,
} from '../model.ts';
import { fieldsById } from '../schema/index.ts';
import type { Files } from '../world.ts';
import { isLive } from './manifests.ts';
import { count, NOTHING, type Totals } from './summary.ts';

/** Manifests and their entries, whoever wrote them. Both never change, so what was read may be kept. */
export interface ManifestReader {
  manifests(metadata: TableMetadata, snapshot: Snapshot): Promise<readonly ManifestFile[]>;
  entries(metadata: TableMetadata, manifest: ManifestFile): Promise<readonly ManifestEntry[]>;
}

export function openReader(files: Files): ManifestReader {
  return {
    manifests: async (_, snapshot) => readManifestList(await files.read(listOf(snapshot))),
    async entries(metadata, manifest) {
      const spec = specOf(metadata, manifest.partition_spec_id);
      const schema = manifestSchema(metadata, spec);
      return readManifest(await files.read(manifest.manifest_path), manifest, { schema, spec });
    },
  };
}

function listOf(snapshot: Snapshot): string {
  const list = snapshot['manifest-list'];
  if (list !== undefined) return list;
  throw new IcebergError('unsupported', `snapshot ${snapshot['snapshot-id']} has no manifest list`, {
    snapshot: String(snapshot['snapshot-id']),
  });
}

/** The schema by which a manifest of this spec is understood: the newest that still has every column which the spec divides by. */
export function manifestSchema(metadata: TableMetadata, spec: PartitionSpec): Schema {
  const has = (schema: Schema) => spec.fields.every(field => fieldsById(schema).has(field['source-id']));
  const current = currentSchema(metadata);
  return has(current) ? current : (metadata.schemas.findLast(has) ?? current);
}

export async function countLive(
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
  reader: ManifestReader,
): Promise<Totals> {
  const totals = { ...NOTHING };
  for (const manifest of manifests)
    for (const entry of await reader.entries(metadata, manifest))
      if (isLive(entry)) count(totals, entry.file);
  return totals;
}
