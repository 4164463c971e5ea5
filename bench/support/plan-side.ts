import {
  CONTENT,
  commitWithRetry,
  type DataFile,
  encodeValue,
  type Field,
  fileLocation,
  folderTable,
  localFiles,
  newMetadata,
  openReader,
  parseFilter,
  planScan,
  type Schema,
  stage,
  tableAt,
} from '../../src/base/iceberg/index.ts';
import { serve } from './side.ts';

// A table that has many files by its manifests; no file is there, and none is asked for by a plan.

const COLUMNS = 20;
const ROWS = 10_000;

const fields = Array.from({ length: COLUMNS }, (_, at): Field => {
  const type = at % 3 === 2 ? 'string' : 'long';
  return { id: at + 1, name: `c${at}`, required: false, type };
});
const schema: Schema = { type: 'struct', 'schema-id': 0, fields };

let table:
  | { files: Awaited<ReturnType<typeof localFiles>>; pointer: ReturnType<typeof folderTable> }
  | undefined;
let reader: ReturnType<typeof openReader> | undefined;

serve({
  async make({ folder, count }: { folder: string; count: number }) {
    const files = await localFiles(folder);
    const location = fileLocation(`${folder}/table`);
    const pointer = folderTable(files, location);
    await pointer.create(newMetadata({ location, schema, now_ms: Date.now() }));
    const added = Array.from({ length: count }, (_, at) => dataFile(location, at));
    // Nothing to be made durable: there are no such files.
    const staged = Object.assign(stage(), { sealed: true });
    const operation = { kind: 'append', added, schema_id: 0 } as const;
    await commitWithRetry(pointer, operation, { files, reader: openReader(files) }, { staged });
    return (await pointer.load()).location;
  },
  async open({ folder }: { folder: string }) {
    const files = await localFiles(folder);
    table = { files, pointer: folderTable(files, fileLocation(`${folder}/table`)) };
    reader = openReader(files);
  },
  async plan({ where }: { where: string }) {
    if (!table || !reader) throw new Error('no table is open');
    const { metadata } = await table.pointer.load();
    const { files } = await planScan(tableAt(metadata, reader), { filter: parseFilter(where) });
    return files.length;
  },
});

/** The first column runs on from file to file, as keys and times do; the others are all over the place. */
function dataFile(location: string, at: number): DataFile {
  const counts = new Map(fields.map(({ id }) => [id, ROWS]));
  const bounds = (end: number) =>
    new Map(
      fields.map(({ id, type }) => {
        const number = id === 1 ? at * ROWS + end : end * 1000 + ((at * 7919 * id) % 997);
        return [
          id,
          type === 'string' ? encodeValue('string', `text ${number}`) : encodeValue('long', BigInt(number)),
        ];
      }),
    );
  return {
    content: CONTENT.data,
    file_path: `${location}/data/0190f3a1-7c2e-7000-8000-${String(at).padStart(12, '0')}.parquet`,
    file_format: 'PARQUET',
    spec_id: 0,
    partition: [],
    record_count: ROWS,
    file_size_in_bytes: 1_000_000,
    column_sizes: new Map(fields.map(({ id }) => [id, 50_000 + ((at * id) % 1000)])),
    value_counts: counts,
    null_value_counts: new Map(fields.map(({ id }) => [id, 0])),
    nan_value_counts: new Map(),
    lower_bounds: bounds(0),
    upper_bounds: bounds(ROWS - 1),
    split_offsets: [4],
    sort_order_id: 0,
  };
}
