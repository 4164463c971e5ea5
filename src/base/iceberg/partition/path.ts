import type { PartitionField, PartitionSpec, PrimitiveType, Schema, Value } from '../model.ts';
import { fieldsById } from '../schema/fields.ts';
import { transform } from './transform.ts';

/** `region=a%2Fb/day=2026-01-01`: where the files of a partition are usually kept, and its name for people. '' without partitions. */
export function partitionPath(
  spec: PartitionSpec,
  schema: Schema,
  values: readonly (Value | null)[],
): string {
  return spec.fields
    .map((field, at) => {
      const shown = transform(field.transform).show(values[at] ?? null, sourceType(field, schema));
      return `${encodePart(field.name)}=${encodePart(shown)}`;
    })
    .join('/');
}

/** What the other engines' `URLEncoder` does, which leaves nothing that a path or a URL would take for its own. */
function encodePart(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** The type of the column that a field comes from; `string` for one that is gone, which nothing is computed from any more. */
function sourceType(field: PartitionField, schema: Schema): PrimitiveType {
  const type = fieldsById(schema).get(field['source-id'])?.field.type;
  return typeof type === 'string' ? type : 'string';
}

/** The types of a spec's values, in their order; undefined where the column is gone. */
export function partitionTypes(spec: PartitionSpec, schema: Schema): (PrimitiveType | undefined)[] {
  const fields = fieldsById(schema);
  return spec.fields.map(field => {
    const type = fields.get(field['source-id'])?.field.type;
    return typeof type === 'string' ? transform(field.transform).result(type) : undefined;
  });
}
