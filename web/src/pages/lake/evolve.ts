import type { ApiInput } from '../../api.ts';

// One change of a schema as a form has it, and as the API takes it.

export type SchemaChange = ApiInput<'lake_tables.evolve'>['body']['changes'][number];

export const CHANGES = ['add', 'rename', 'drop', 'widen', 'optional', 'doc'] as const;
export type ChangeKind = (typeof CHANGES)[number];

export type EvolveValues = { path: string; name: string; type: string; doc: string };
export const NO_VALUES: EvolveValues = { path: '', name: '', type: '', doc: '' };

/** What each asks for, in the order of the form; `path` is a field that there is. */
export const ASKS: Readonly<Record<ChangeKind, readonly (keyof EvolveValues)[]>> = {
  add: ['name', 'type', 'doc'],
  rename: ['path', 'name'],
  drop: ['path'],
  widen: ['path', 'type'],
  optional: ['path'],
  doc: ['path', 'doc'],
};

export function changeOf(change: ChangeKind, { path, name, type, doc }: EvolveValues): SchemaChange {
  switch (change) {
    case 'add':
      return { change, path: name, type, ...(doc !== '' && { doc }) };
    case 'rename':
      return { change, path, name };
    case 'widen':
      return { change, path, type };
    case 'doc':
      return { change, path, doc };
    default:
      return { change, path };
  }
}
