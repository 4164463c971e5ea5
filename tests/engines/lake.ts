import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { newViewMetadata, openReader, reachable } from '../../src/base/iceberg/index.ts';
import { type LocalEngine, localEngine } from '../../src/base/iceberg/local/index.ts';
import { openTable, type Table } from '../../src/base/iceberg/table/index.ts';
import type { Storage } from '../../src/base/storage/index.ts';
import { type CatalogWorld, openCatalogWorld } from '../lake/catalog.ts';
import { defer } from '../support/defer.ts';
import type { Place, Row, TableName } from './engine.ts';
import { DUCKDB_KINDS, KINDS_SCHEMA, KINDS_SPEC, kindsOf, likeFilter, readKindsSql } from './kinds.ts';
import type { Ours } from './matrix.ts';
import { valuesOf } from './values.ts';

// A server on a port, with a lake behind it, and our own hands on that lake.

export interface EngineLake {
  world: CatalogWorld;
  place: Place;
  /** Of the server, without a path. */
  url: string;
  ours: Ours;
}

const NAMESPACE = 'shop';
const KINDS_COLUMNS = KINDS_SCHEMA.fields.map(({ name }) => name).join(', ');

export async function openEngineLake(
  t: TestContext,
  on: { storage?: Storage; s3?: Place['s3'] } = {},
): Promise<EngineLake> {
  const world = await openCatalogWorld(t, { lake: on.storage ? { storage: on.storage } : {} });
  await world.server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = world.server.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const engine = await localEngine();
  defer(t, () => engine.close());
  await world.lake.namespaces.create(world.context, { levels: [NAMESPACE] });
  const place: Place = {
    uri: `${url}/iceberg`,
    warehouse: 'main',
    token: await world.token('editor'),
    s3: on.s3,
  };
  return { world, place, url, ours: oursOf(world, engine) };
}

function oursOf({ lake, context }: CatalogWorld, engine: LocalEngine): Ours {
  const files = lake.filesOf(context.workspace_id);
  const rowOf = async ({ namespace, name }: TableName) => {
    const row = await lake.tables.find(context, [namespace], name);
    assert.ok(row, `${namespace}.${name} is not there`);
    return row;
  };
  const open = async (name: TableName): Promise<Table> => {
    const { id } = await rowOf(name);
    return openTable({ files, engine, pointer: lake.pointerOf(context, id) });
  };
  const loaded = async (name: TableName) => lake.tables.load(context, (await rowOf(name)).id);
  const namesOf = async (kind: 'table' | 'view') => {
    const namespace = await lake.namespaces.find(context, [NAMESPACE]);
    const rows = await lake.tables.list(context, namespace?.id ?? '', kind);
    return rows.map(({ name }) => `${NAMESPACE}.${name}`);
  };

  return {
    namespace: NAMESPACE,
    async make({ namespace, name }, rows, { partitioned = false } = {}) {
      await lake.tables.create(context, {
        namespace: [namespace],
        name,
        schema: {
          type: 'struct',
          'schema-id': 0,
          fields: [
            { id: 1, name: 'id', required: false, type: 'long' },
            { id: 2, name: 'name', required: false, type: 'string' },
            { id: 3, name: 'amount', required: false, type: 'double' },
          ],
        },
        spec: {
          fields: partitioned ? [{ 'source-id': 2, name: 'name', transform: 'identity' }] : [],
        },
        // Rows that we strike out, rather than files that we write again: engines have to apply our deletes.
        properties: { 'write.delete.mode': 'merge-on-read' },
      });
      if (rows.length > 0) await this.append({ namespace, name }, rows);
    },
    async append(name, rows) {
      const table = await open(name);
      await table.append(valuesOf(rows));
    },
    async deleteWhere(name, id) {
      const table = await open(name);
      await table.delete(`id = ${id}`);
    },
    async read(name) {
      const table = await open(name);
      const rows: Row[] = [];
      for await (const row of table.scan()) rows.push(plain(row));
      const { metadata, metadata_location } = await loaded(name);
      for await (const { location } of reachable(metadata, metadata_location, openReader(files)))
        assert.ok(await files.exists(location), `${location} is named by the table and is not there`);
      return rows.sort((a, b) => Number(a.id) - Number(b.id));
    },
    async makeKinds({ namespace, name }, rows) {
      const made = { namespace: [namespace], name, schema: KINDS_SCHEMA, spec: KINDS_SPEC };
      await lake.tables.create(context, made);
      const table = await open({ namespace, name });
      await table.append(`SELECT * FROM (${kindsOf(rows, DUCKDB_KINDS)}) AS rows (${KINDS_COLUMNS})`);
    },
    async readKinds(name, like) {
      const table = await open(name);
      const rows = await table.query({ where: like && likeFilter(like) }, sql =>
        engine.query(readKindsSql(`(${sql})`, DUCKDB_KINDS)),
      );
      return rows.map(plain);
    },
    snapshots: async name =>
      (await loaded(name)).metadata.snapshots.map(snapshot => String(snapshot['snapshot-id'])),
    refs: async name => Object.keys((await loaded(name)).metadata.refs).sort(),
    properties: async name => (await loaded(name)).metadata.properties,
    tables: () => namesOf('table'),
    views: () => namesOf('view'),
    async createView({ namespace, name }, sql, dialects) {
      const version = {
        'version-id': 1,
        'timestamp-ms': Date.now(),
        'schema-id': 0,
        summary: {},
        'default-namespace': [namespace],
        representations: dialects.map(dialect => ({ type: 'sql' as const, sql, dialect })),
      };
      const schema = {
        type: 'struct' as const,
        'schema-id': 0,
        fields: [{ id: 1, name: 'one', required: false, type: 'int' }],
      };
      await lake.views.create(context, {
        namespace: [namespace],
        name,
        make: location => newViewMetadata({ location, schema, version, now_ms: Date.now() }),
      });
    },
  };
}

function plain(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'bigint'
        ? Number(value)
        : typeof value === 'string' || typeof value === 'number'
          ? value
          : null,
    ]),
  );
}
