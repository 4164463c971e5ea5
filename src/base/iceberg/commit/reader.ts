import { openManifests } from '../manifest/index.ts';
import { currentSchema, specOf } from '../metadata/index.ts';
import type { PartitionSpec, Schema, TableMetadata } from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';
import { fieldsById } from '../schema/index.ts';
import type { Files } from '../world.ts';

/** The manifests of 30,000 files with 20 columns, and room beside them: a cache that is a little too small misses every time. */
const CACHE_BYTES = 128 * 1024 * 1024;

/** Keeps what it read, up to `cache_bytes`: one for each storage, not one for each question. */
export function openReader(files: Pick<Files, 'read'>, cache_bytes = CACHE_BYTES): ManifestReader {
  const manifests = openManifests(files, { cache_bytes });
  return {
    manifests: (_, snapshot) => manifests.list(snapshot),
    entries(metadata, manifest) {
      const spec = specOf(metadata, manifest.partition_spec_id);
      return manifests.entries(manifest, { spec, schema: manifestSchema(metadata, spec) });
    },
  };
}

/** The schema by which a manifest of this spec is understood: the newest that still has every column which the spec divides by. */
export function manifestSchema(metadata: TableMetadata, spec: PartitionSpec): Schema {
  const has = (schema: Schema) => spec.fields.every(field => fieldsById(schema).has(field['source-id']));
  const current = currentSchema(metadata);
  return has(current) ? current : (metadata.schemas.findLast(has) ?? current);
}
