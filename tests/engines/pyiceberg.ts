import { fileURLToPath } from 'node:url';
import { pyicebergPython } from '../../scripts/services/python.ts';
import type { Engine, Place, Row, TableName } from './engine.ts';
import { openLineProcess } from './line-process.ts';

const SCRIPT = fileURLToPath(new URL('./pyiceberg-child.py', import.meta.url));

export const pyiceberg: Engine = {
  name: 'PyIceberg',
  takes_keys: true,
  lacks: {
    write_two: 'it commits one table at a time',
    create_view: 'it lists views only',
    read_view: 'it lists views only',
  },
  async open(place) {
    const child = openLineProcess(await pyicebergPython(), ['-u', '-B', SCRIPT]);
    const ask = (operation: string, given: object) => child.ask({ operation, arguments: given });
    const namesOf = async (operation: string, given: object) =>
      ((await ask(operation, given)) as string[][]).map(levels => levels.join('.'));
    const readKinds = async (table: TableName, like?: Row) =>
      (await ask('read_kinds', { table: nameOf(table), like: like ?? null })) as Row[];
    const run = async (operation: string, given: object) => void (await ask(operation, given));
    const version = (await ask('connect', { properties: propertiesOf(place) })) as string;
    return {
      version,
      close: child.close,
      create_namespace: name => run('create_namespace', { name }),
      list_namespaces: () => namesOf('list_namespaces', {}),
      list_tables: namespace => namesOf('list_tables', { namespace }),
      list_views: namespace => namesOf('list_views', { namespace }),
      create: table => run('create', { table: nameOf(table) }),
      create_partitioned: table => run('create', { table: nameOf(table), partitioned: true }),
      create_as: (table, rows) => run('create_as', { table: nameOf(table), rows }),
      read: async table => (await ask('read', { table: nameOf(table) })) as Row[],
      read_snapshot: async (table, snapshot) =>
        (await ask('read', { table: nameOf(table), snapshot })) as Row[],
      append: (table, rows) => run('append', { table: nameOf(table), rows }),
      overwrite: (table, rows) => run('overwrite', { table: nameOf(table), rows }),
      update: (table, id, amount) => run('update', { table: nameOf(table), id, amount }),
      delete: (table, id) => run('delete', { table: nameOf(table), id }),
      merge: (table, rows) => run('merge', { table: nameOf(table), rows }),
      read_kinds: readKinds,
      find_before_1970: readKinds,
      append_kinds: (table, rows) => run('append_kinds', { table: nameOf(table), rows }),
      add_column: (table, name) => run('add_column', { table: nameOf(table), name }),
      rename_column: (table, name, to) => run('rename_column', { table: nameOf(table), name, to }),
      drop_column: (table, name) => run('drop_column', { table: nameOf(table), name }),
      widen_column: (table, name) => run('widen_column', { table: nameOf(table), name }),
      tag: (table, name) => run('tag', { table: nameOf(table), name }),
      set_property: (table, name, value) =>
        run('set_properties', { table: nameOf(table), properties: { [name]: value } }),
      rename: (table, to) => run('rename', { table: nameOf(table), to: nameOf(to) }),
      drop: table => run('drop', { table: nameOf(table) }),
      purge: table => run('purge', { table: nameOf(table) }),
    };
  },
};

function nameOf({ namespace, name }: TableName): string {
  return `${namespace}.${name}`;
}

function propertiesOf({ uri, warehouse, token, s3 }: Place): Record<string, string> {
  return {
    ...{ type: 'rest', uri, warehouse, token },
    ...(s3?.keys && {
      's3.endpoint': s3.endpoint,
      's3.region': s3.region,
      's3.access-key-id': s3.keys.access,
      's3.secret-access-key': s3.keys.secret,
    }),
  };
}
