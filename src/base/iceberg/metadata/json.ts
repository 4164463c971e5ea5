import { z } from 'zod';
import type {
  PartitionStatisticsFile,
  Snapshot,
  SnapshotRef,
  SortField,
  SortOrder,
  StatisticsFile,
  Summary,
} from '../model.ts';
import { absent, idSchema, orNull } from '../schema/json.ts';

// The parts of metadata as they are in JSON, for files and for the requests of other engines. Keys that we do not know stay.

/** A number that JSON can hold exactly; more would be a lie by the time it is here. */
export const countSchema = z.int().min(0);

export const snapshotIdSchema = z
  .union([z.bigint(), z.int()], { error: 'a snapshot id is an integer of 64 bits' })
  .transform(BigInt)
  .refine(id => id >= -(2n ** 63n) && id < 2n ** 63n, 'a snapshot id has at most 64 bits');

/** Text by the specification; some writers put numbers and booleans. */
const textSchema = z
  .union([z.string(), z.number(), z.boolean(), z.bigint()], { error: 'should be a text' })
  .transform(String);
export const propertiesSchema = z.record(z.string(), textSchema);

const summarySchema = z
  .looseObject({ operation: z.enum(['append', 'replace', 'overwrite', 'delete']) })
  .catchall(textSchema)
  .transform((summary): Summary => summary as Summary);

export const snapshotSchema: z.ZodType<Snapshot> = z
  .looseObject({
    'snapshot-id': snapshotIdSchema,
    'parent-snapshot-id': orNull(snapshotIdSchema),
    'sequence-number': orNull(countSchema).transform(number => number ?? 0),
    'timestamp-ms': countSchema,
    'manifest-list': orNull(z.string().min(1)),
    manifests: orNull(z.array(z.string().min(1))),
    summary: orNull(summarySchema),
    'schema-id': orNull(idSchema),
  })
  .refine(
    snapshot => snapshot['manifest-list'] !== undefined || snapshot.manifests !== undefined,
    'a snapshot has a manifest-list',
  )
  // Only version 1 may leave it out. Of what is not known, nothing is assumed: an overwrite.
  .transform(snapshot => absent({ ...snapshot, summary: snapshot.summary ?? { operation: 'overwrite' } }));

export const sortFieldSchema: z.ZodType<SortField> = z.looseObject({
  'source-id': idSchema,
  transform: z.string().min(1),
  direction: z.enum(['asc', 'desc']),
  'null-order': z.enum(['nulls-first', 'nulls-last']),
});
export const sortOrderSchema: z.ZodType<SortOrder> = z.looseObject({
  'order-id': idSchema,
  fields: z.array(sortFieldSchema),
});

export const refFields = {
  'snapshot-id': snapshotIdSchema,
  type: z.enum(['branch', 'tag']),
  'max-ref-age-ms': orNull(z.int().positive()),
  'max-snapshot-age-ms': orNull(z.int().positive()),
  'min-snapshots-to-keep': orNull(z.int().positive()),
};
export const refSchema: z.ZodType<SnapshotRef> = z.looseObject(refFields).transform(absent);

export const statisticsSchema: z.ZodType<StatisticsFile> = z.looseObject({
  'snapshot-id': snapshotIdSchema,
  'statistics-path': z.string().min(1),
  'file-size-in-bytes': countSchema,
});
export const partitionStatisticsSchema: z.ZodType<PartitionStatisticsFile> = z.looseObject({
  'snapshot-id': snapshotIdSchema,
  'statistics-path': z.string().min(1),
  'file-size-in-bytes': countSchema,
});

export const logEntrySchema = z.looseObject({ 'snapshot-id': snapshotIdSchema, 'timestamp-ms': countSchema });
export const metadataLogEntrySchema = z.looseObject({
  'metadata-file': z.string().min(1),
  'timestamp-ms': countSchema,
});
