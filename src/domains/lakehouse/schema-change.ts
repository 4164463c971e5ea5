import type { SchemaChange } from '../../base/iceberg/index.ts';
import type { LakeSchemaChange } from '../../contract/lake.ts';
import { readType } from './routes/tables.ts';

/** As the API says it, in the words of the table format. */
export function toChange(change: LakeSchemaChange): SchemaChange {
  switch (change.change) {
    case 'add': {
      const { path, type, doc, after } = change;
      return {
        ...{ kind: 'add', field: path, type: readType(type, path) },
        ...(doc !== undefined && { doc }),
        ...(after !== undefined && { at: { after } }),
      };
    }
    case 'drop':
      return { kind: 'drop', field: change.path };
    case 'rename':
      return { kind: 'rename', field: change.path, name: change.name };
    case 'move':
      return {
        kind: 'move',
        field: change.path,
        at: change.after === null ? 'first' : { after: change.after },
      };
    case 'widen':
      return { kind: 'widen', field: change.path, type: change.type };
    case 'optional':
      return { kind: 'make_optional', field: change.path };
    case 'doc':
      return { kind: 'doc', field: change.path, doc: change.doc };
    case 'identifier':
      return { kind: 'identify', fields: change.paths };
    default:
      return change satisfies never;
  }
}
