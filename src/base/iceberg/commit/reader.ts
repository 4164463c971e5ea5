import { IcebergError } from '../errors.ts';
import { openManifests } from '../manifest/index.ts';
import { currentSchema, specOf } from '../metadata/index.ts';
import { type PartitionSpec, type Schema, STATUS, type TableMetadata } from '../model.ts';
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
    wrote: manifests.wrote,
    entries(metadata, manifest) {
      const spec = specOf(metadata, manifest.partition_spec_id);
      return manifests.entries(manifest, { spec, schema: manifestSchema(metadata, spec) });
    },
  };
}

/**
 * The same for one table, of which `owns` says where its files may be. Whoever writes manifests may name any file there is, and
 * whoever reads the table would be shown it: of what lies elsewhere, nothing is read and no entry is believed.
 */
export function keepTo(reader: ManifestReader, owns: (location: string) => boolean): ManifestReader {
  const check = (location: string) => {
    if (!owns(location))
      throw new IcebergError('foreign_file', `${location} is not among the files of the table`, {
        file: location,
      });
  };
  return {
    wrote: reader.wrote,
    async manifests(metadata, snapshot) {
      for (const location of [snapshot['manifest-list'] ?? [], snapshot.manifests ?? []].flat())
        check(location);
      const manifests = await reader.manifests(metadata, snapshot);
      for (const { manifest_path } of manifests) check(manifest_path);
      return manifests;
    },
    async entries(metadata, manifest) {
      check(manifest.manifest_path);
      const entries = await reader.entries(metadata, manifest);
      for (const { status, file } of entries) if (status !== STATUS.deleted) check(file.file_path);
      return entries;
    },
  };
}

/** The schema by which a manifest of this spec is understood: the newest that still has every column which the spec divides by. */
export function manifestSchema(metadata: TableMetadata, spec: PartitionSpec): Schema {
  const has = (schema: Schema) => spec.fields.every(field => fieldsById(schema).has(field['source-id']));
  const current = currentSchema(metadata);
  return has(current) ? current : (metadata.schemas.findLast(has) ?? current);
}
