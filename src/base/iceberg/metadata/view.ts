import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { IcebergError } from '../errors.ts';
import { printJson } from '../json.ts';
import type { Schema } from '../model.ts';
import { checkIds } from '../schema/index.ts';
import { absent, idSchema, orNull, schemaSchema } from '../schema/json.ts';
import { countSchema, propertiesSchema } from './json.ts';
import { at, problem, readAs } from './problem.ts';
import { jsonOf, withoutSlash } from './read.ts';

// A view of the REST catalog: queries in the dialects of those that wrote them, with versions. Nothing here understands the queries.

const representationSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('sql'), sql: z.string(), dialect: z.string().min(1) }),
]);

const versionSchema = z
  .looseObject({
    'version-id': z.int(),
    'timestamp-ms': countSchema,
    /** -1 in requests: that of the schema which was just added. */
    'schema-id': z.int().min(-1),
    summary: propertiesSchema,
    representations: z.array(representationSchema),
    'default-catalog': orNull(z.string()),
    'default-namespace': z.array(z.string()),
  })
  .transform(absent);
export type ViewVersion = z.infer<typeof versionSchema>;

export const viewVersionSchema = versionSchema.superRefine((version, context) => {
  const dialects = version.representations.map(each => each.dialect.toLowerCase());
  const twice = dialects.find((dialect, index) => dialects.indexOf(dialect) < index);
  if (twice !== undefined)
    context.addIssue({
      code: 'custom',
      path: ['representations'],
      message: `two queries for dialect ${twice}`,
    });
  if (dialects.length === 0)
    context.addIssue({ code: 'custom', path: ['representations'], message: 'a view needs a query' });
});

const fileSchema = z.looseObject({
  'view-uuid': z.string().min(1),
  'format-version': z.int().min(1),
  location: z.string().min(1),
  'current-version-id': idSchema,
  versions: z.array(versionSchema).min(1),
  'version-log': z.array(z.looseObject({ 'version-id': idSchema, 'timestamp-ms': countSchema })),
  schemas: z.array(schemaSchema),
  properties: orNull(propertiesSchema).transform(properties => properties ?? {}),
});
export type ViewMetadata = z.infer<typeof fileSchema>;

/** As `parseMetadata`, of a view. */
export function parseViewMetadata(source: Uint8Array | string, file = 'view metadata'): ViewMetadata {
  const found = readAs(fileSchema, jsonOf(source, file), file, 'corrupt');
  if (found['format-version'] > 1)
    throw new IcebergError(
      'unsupported',
      `${file} has format version ${found['format-version']} of views; 1 is supported`,
      {
        file,
        format_version: found['format-version'],
      },
    );
  checkView(found, file, 'corrupt');
  return { ...found, location: withoutSlash(found.location) };
}

export function printViewMetadata(view: ViewMetadata): string {
  return printJson(view);
}

export interface NewView {
  location: string;
  schema: Schema;
  version: ViewVersion;
  properties?: Record<string, string>;
  now_ms: number;
  uuid?: string;
}

export function newViewMetadata(view: NewView): ViewMetadata {
  const schema = { ...view.schema, 'schema-id': 0 };
  const version = readAs(viewVersionSchema, view.version, 'view-version', 'invalid');
  const first = { ...version, 'version-id': 1, 'schema-id': 0 };
  const made: ViewMetadata = {
    'view-uuid': view.uuid ?? randomUUID(),
    'format-version': 1,
    location: withoutSlash(view.location),
    'current-version-id': 1,
    versions: [first],
    // A clock that is ahead would keep the log, which must rise, in the future.
    'version-log': [{ 'version-id': 1, 'timestamp-ms': Math.min(first['timestamp-ms'], view.now_ms) }],
    schemas: [schema],
    properties: view.properties ?? {},
  };
  if (made.location === '') throw new IcebergError('invalid', 'a view needs a location', {});
  checkView(made, 'the view', 'invalid');
  return made;
}

export function currentVersion(view: ViewMetadata): ViewVersion {
  return versionById(view, view['current-version-id']);
}

export function versionById(view: ViewMetadata, id: number): ViewVersion {
  const found = view.versions.find(version => version['version-id'] === id);
  if (!found) throw new IcebergError('corrupt', `the view has no version ${id}`, { version: id });
  return found;
}

export function viewSchema(view: ViewMetadata, version: ViewVersion = currentVersion(view)): Schema {
  const found = view.schemas.find(schema => schema['schema-id'] === version['schema-id']);
  if (!found)
    throw new IcebergError('corrupt', `the view has no schema ${version['schema-id']}`, {
      schema: version['schema-id'],
    });
  return found;
}

export function checkView(view: ViewMetadata, what: string, code: 'corrupt' | 'invalid'): void {
  const wrong = (path: PropertyKey[], message: string) => problem(code, what, path, message);
  view.schemas.forEach((schema, index) => {
    at(what, ['schemas', index], () => checkIds(schema));
  });
  const schemas = new Set(view.schemas.map(schema => schema['schema-id']));
  const versions = new Set<number>();
  for (const [index, version] of view.versions.entries()) {
    if (versions.has(version['version-id']))
      throw wrong(['versions', index], `version ${version['version-id']} is there twice`);
    versions.add(version['version-id']);
    if (!schemas.has(version['schema-id']))
      throw wrong(['versions', index, 'schema-id'], `is ${version['schema-id']}, which is not there`);
  }
  if (!versions.has(view['current-version-id']))
    throw wrong(['current-version-id'], `is ${view['current-version-id']}, which is not there`);
}
